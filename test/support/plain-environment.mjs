import { createRequire } from 'node:module';
import { types } from 'node:util';
import { constants, createContext } from 'node:vm';
import { TestEnvironment } from 'jest-environment-node';

const load = createRequire(import.meta.url);
const isInstance = Function.prototype[Symbol.hasInstance];

/**
 * jest's environment for Node, cheaper in two ways.
 *
 * The global object of a suite is one of V8's own. jest puts a proxy in its place, through which each use of a global name
 * (`Map`, `Buffer`, `Error`) has to go.
 *
 * The packages under `outside/` are loaded once a process, by Node itself, and not once a suite. They keep no state that one
 * suite could leave to the next, and do not ask whether a suite's object is an instance of their `Date` or the like. The
 * project's own modules, and the packages that fit neither, stay inside: each suite has its own.
 */
class PlainEnvironment extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    const plain = createContext(constants.DONT_CONTEXTIFY);
    const own = new Set(Reflect.ownKeys(plain));
    // These two are Node's everywhere, as jest has it: the core's octets are then the test's.
    for (const key of ['Uint8Array', 'ArrayBuffer']) own.delete(key);
    for (const key of Reflect.ownKeys(this.global)) {
      if (own.has(key)) continue;
      Object.defineProperty(plain, key, Object.getOwnPropertyDescriptor(this.global, key));
    }
    plain.global = plain;
    plain.Error.stackTraceLimit = this.global.Error.stackTraceLimit;
    for (const name of ['dispose', 'asyncDispose']) plain.Symbol[name] ??= this.global.Symbol[name];
    // An error from outside, Node's own among them, is an Error inside too, as it is in production.
    Object.defineProperty(plain.Error, Symbol.hasInstance, {
      value(error) {
        const isOurs = isInstance.call(this, error);
        return isOurs || (this === plain.Error && types.isNativeError(error));
      },
    });
    plain[Symbol.for('kakehashi.outside')] = load;
    this.context = plain;
    this.global = plain;
    this.moduleMocker = new this.moduleMocker.constructor(plain);
    this.fakeTimersModern = new this.fakeTimersModern.constructor({
      config: config.projectConfig,
      global: plain,
    });
  }
}

// biome-ignore lint/style/noDefaultExport: jest reads an environment from the default export.
export default PlainEnvironment;
