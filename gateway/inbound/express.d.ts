/** As much of express 5 as `web.ts` uses; the package brings no types. */
declare module 'express' {
  import type { IncomingMessage, ServerResponse } from 'node:http';

  namespace express {
    interface Request extends IncomingMessage {
      readonly url: string;
      /** Without the query. */
      readonly path: string;
    }

    interface Response extends ServerResponse {
      set(name: string, value: string): this;
      status(code: number): this;
      type(contentType: string): this;
      json(value: unknown): this;
      send(body: string): this;
    }

    type Next = (error?: unknown) => void;
    type RequestHandler = (request: Request, response: Response, next: Next) => unknown;
    type ErrorRequestHandler = (
      error: { readonly status?: unknown },
      request: Request,
      response: Response,
      next: Next,
    ) => unknown;

    interface Express {
      (request: IncomingMessage, response: ServerResponse): void;
      disable(setting: string): this;
      set(setting: string, value: unknown): this;
      use(handler: RequestHandler): this;
      use(handler: ErrorRequestHandler): this;
      get(path: string, handler: RequestHandler): this;
      all(path: string | readonly string[], handler: RequestHandler): this;
    }
  }

  function express(): express.Express;
  export = express;
}
