import {
  openMessage,
  readTransmission,
  type Transmission,
  writeMessage,
} from '../formats/hl7v3.ts';
import { CODE_SYSTEM } from '../formats/hl7v3-codes.ts';
import { findINT, type II, isUid, readII, v3, writeII } from '../formats/hl7v3-datatypes.ts';
import {
  findChild,
  HL7_V3,
  known,
  type Located,
  refusalAt,
  requireChild,
  requireCode,
} from '../formats/hl7v3-reading.ts';
import { attributeOf, childNamed, type XmlElement } from '../formats/xml.ts';
import type { Body } from '../transaction.ts';

/** QUQI_IN000003UV01: more of what a query has found, or nothing more of it. Source: ITI TF-2: 3.47.4.3, 3.47.4.4. */
export interface QueryContinuation {
  readonly kind: 'continue' | 'cancel';
  readonly transmission: Transmission;
  /** The id of the answer before. */
  readonly targetMessage?: II;
  /** That of the query which it continues. */
  readonly queryId: II;
  /** The first that is wanted, counted from 1; absent: the one behind the last that was sent. */
  readonly startResultNumber?: number;
  /** How many are wanted at most; absent: as many as the query asked for. */
  readonly continuationQuantity?: number;
}

/** The payload of a continuation, and the name that the WSDL of the Framework gives to the one that cancels. */
export const CONTINUATION = 'QUQI_IN000003UV01';
export const CANCELLATION = 'QUQI_IN000003UV01_Cancel';
/** Where a continuation says which query it continues. */
export const QUERY_ID_CONTINUED = `/${CONTINUATION}/controlActProcess/queryContinuation/queryId`;
export const CONTINUE_ACTION = `${HL7_V3}:QUQI_IN000003UV01_Continue`;
export const CANCEL_ACTION = `${HL7_V3}:QUQI_IN000003UV01_Cancel`;

/** True for a request that continues or cancels a query. */
export function isContinuation(
  request: { readonly kind?: string } | undefined,
): request is QueryContinuation {
  return request?.kind === 'continue' || request?.kind === 'cancel';
}

/** True for the payload of a continuation or a cancel. */
export function isContinuationBody({ name }: XmlElement): boolean {
  return name === CONTINUATION || name === CANCELLATION;
}

/** True for a payload that cancels: by its name, or because it says `aborted` or wants nothing more. Refuses nothing. */
export function isCancelBody(body: XmlElement): boolean {
  if (body.name === CANCELLATION) return true;
  if (body.name !== CONTINUATION) return false;
  const at = continuationIn(body);
  const said = (name: string, attribute: string) => {
    const element = at && childNamed(at, HL7_V3, name);
    return element && attributeOf(element, attribute)?.trim();
  };
  return said('statusCode', 'code') === 'aborted' || said('continuationQuantity', 'value') === '0';
}

/** The queryId of a continuation, as far as it can be taken; for answers to requests that could not be decoded, too. */
export function takeContinuedId(body: XmlElement): II | undefined {
  const at = continuationIn(body);
  const id = at && childNamed(at, HL7_V3, 'queryId');
  const root = id && attributeOf(id, 'root')?.trim();
  if (id === undefined || root === undefined || !isUid(root)) return undefined;
  const extension = attributeOf(id, 'extension');
  return extension ? { root, extension } : { root };
}

function continuationIn(body: XmlElement): XmlElement | undefined {
  const controlAct = childNamed(body, HL7_V3, 'controlActProcess');
  return controlAct && childNamed(controlAct, HL7_V3, 'queryContinuation');
}

const STATUS = ['waitContinuedQueryResponse', 'aborted'] as const;
const MOST = 999_999_999;

/**
 * Reads a continuation.
 *
 * @throws Refusal NS2xx; SYN100, SYN101, SYN102, SYN103; SYN110 where it says both that more and that nothing is wanted
 */
export function decodeContinuation(body: XmlElement): QueryContinuation {
  const isCancel = isCancelBody(body);
  const root = openMessage({ ...body, name: CONTINUATION }, [CONTINUATION]);
  const at = requireChild(root, 'controlActProcess', 'queryContinuation');
  const wanted = numberIn(at, 'continuationQuantity', 0);
  const status = requireCode(at, 'statusCode', STATUS);
  const contradicts = isCancel
    ? status !== 'aborted' || (wanted ?? 0) > 0
    : status === 'aborted' || wanted === 0;
  if (contradicts) throw refusalAt(at, 'SYN110', 'waitContinuedQueryResponse, or aborted with 0');
  const target = findChild(root, 'acknowledgement', 'targetMessage', 'id');
  return known<QueryContinuation>({
    kind: isCancel ? 'cancel' : 'continue',
    transmission: readTransmission(root),
    targetMessage: target && readII(target),
    queryId: readII(requireChild(at, 'queryId')),
    startResultNumber: numberIn(at, 'startResultNumber', 1),
    continuationQuantity: isCancel ? undefined : wanted,
  });
}

function numberIn(at: Located, name: string, least: number): number | undefined {
  return findINT(findChild(at, name), { least, most: MOST });
}

/** Writes a continuation. The trigger event is QUQI_TE000003UV01. */
export function encodeContinuation(continuation: QueryContinuation): Body {
  const { kind, transmission, targetMessage, queryId, startResultNumber } = continuation;
  const isCancel = kind === 'cancel';
  const quantity = isCancel ? 0 : continuation.continuationQuantity;
  const number = (name: string, value: number | undefined) =>
    value === undefined ? undefined : v3(name, { value });
  const xml = writeMessage({
    interaction: CONTINUATION,
    transmission,
    acceptAckCode: 'AL',
    content: [
      ...(targetMessage === undefined
        ? []
        : [
            v3(
              'acknowledgement',
              {},
              v3('typeCode', { code: 'AA' }),
              v3('targetMessage', {}, writeII(targetMessage)),
            ),
          ]),
      v3(
        'controlActProcess',
        { classCode: 'CACT', moodCode: 'EVN' },
        v3('code', { code: 'QUQI_TE000003UV01', codeSystem: CODE_SYSTEM.interaction }),
        v3(
          'queryContinuation',
          {},
          writeII(queryId, 'queryId'),
          number('startResultNumber', startResultNumber),
          number('continuationQuantity', quantity),
          v3('statusCode', { code: isCancel ? 'aborted' : 'waitContinuedQueryResponse' }),
        ),
      ),
    ],
  });
  return isCancel ? { action: CANCEL_ACTION, xml: renamed(xml) } : { action: CONTINUE_ACTION, xml };
}

/** The payload under the name that the WSDL gives to it; `interactionId` keeps its own. */
function renamed(xml: string): string {
  return xml
    .replace(`<${CONTINUATION} `, `<${CANCELLATION} `)
    .replace(new RegExp(`</${CONTINUATION}>$`), `</${CANCELLATION}>`);
}
