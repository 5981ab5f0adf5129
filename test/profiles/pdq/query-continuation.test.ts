import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseXml } from '../../../profiles/formats/xml.ts';
import { ITI_47, type QueryContinuation, unknownQuery } from '../../../profiles/pdq/iti-47.ts';
import { Refusal } from '../../../profiles/refusal.ts';
import { aDemographicsQueryResponse, aTransmission } from '../../support/hl7v3-builders.ts';
import {
  decodeRequest as decodeOpened,
  decodeResponse as decodeAnswer,
  FROZEN,
  openedXml,
  refusalOf,
} from '../../support/hl7v3-laws.ts';

const decodeRequest = (transaction: typeof ITI_47, xml: string) =>
  decodeOpened(transaction, openedXml(xml));
const decodeResponse = (transaction: typeof ITI_47, xml: string) =>
  decodeAnswer(transaction, openedXml(xml));

const CONTINUATION: QueryContinuation = {
  kind: 'continue',
  transmission: aTransmission(),
  targetMessage: { root: '2.999.5', extension: 'm-1' },
  queryId: { root: '2.999.7', extension: 'q-1' },
  startResultNumber: 11,
  continuationQuantity: 10,
};
const CANCEL: QueryContinuation = {
  kind: 'cancel',
  transmission: aTransmission(),
  queryId: { root: '2.999.7' },
};
const written = (request: QueryContinuation) => ITI_47.request.encode(request).xml;

describe('QUQI_IN000003UV01', () => {
  it('decodes to what was encoded, and names the action of each', () => {
    for (const request of [
      CONTINUATION,
      CANCEL,
      { ...CONTINUATION, startResultNumber: undefined, continuationQuantity: undefined },
    ]) {
      const body = ITI_47.request.encode(request);
      expect(decodeRequest(ITI_47, body.xml)).toEqual(JSON.parse(JSON.stringify(request)));
    }
    expect(ITI_47.request.encode(CONTINUATION).action).toBe(
      'urn:hl7-org:v3:QUQI_IN000003UV01_Continue',
    );
    expect(ITI_47.request.encode(CANCEL).action).toBe('urn:hl7-org:v3:QUQI_IN000003UV01_Cancel');
    expect(written(CANCEL)).toContain(
      '<continuationQuantity value="0"/><statusCode code="aborted"/>',
    );
  });

  it('cancels under either name of its payload', () => {
    const renamed = written(CANCEL).replaceAll('QUQI_IN000003UV01_Cancel', 'QUQI_IN000003UV01');
    expect(decodeRequest(ITI_47, renamed)).toEqual(CANCEL);
  });

  it('is refused without what it needs, and where it says two things', () => {
    const wrong: readonly (readonly [string, string | RegExp, string])[] = [
      ['SYN100', /<queryId[^>]*\/>/, ''],
      ['SYN100', /<queryContinuation>.*<\/queryContinuation>/, ''],
      ['SYN100', /<statusCode[^>]*\/>/, ''],
      ['SYN103', 'waitContinuedQueryResponse', 'new'],
      ['SYN102', 'startResultNumber value="11"', 'startResultNumber value="0"'],
      ['SYN110', 'continuationQuantity value="10"', 'continuationQuantity value="0"'],
      ['SYN110', 'waitContinuedQueryResponse', 'aborted'],
      ['NS200', 'extension="QUQI_IN000003UV01"', 'extension="PRPA_IN201305UV02"'],
    ];
    for (const [code, from, to] of wrong) {
      const xml = written(CONTINUATION).replace(from, to);
      expect(xml).not.toBe(written(CONTINUATION));
      expect(refusalOf(() => decodeRequest(ITI_47, xml)).code).toBe(code);
    }
  });

  const samples = join(process.cwd(), '../shared/samples/patient-identity/hl7v3');
  const sample = (name: string) => readFileSync(join(samples, name), 'utf8');
  (existsSync(samples) ? it : it.skip)('is read as the Framework’s samples mean it', () => {
    const more = decodeRequest(ITI_47, sample('ja_iti47_QUQI_IN000003UV01_continue.xml'));
    expect(more).toMatchObject({
      kind: 'continue',
      startResultNumber: 11,
      continuationQuantity: 10,
    });
    const cancel = decodeRequest(ITI_47, sample('ja_iti47_QUQI_IN000003UV01_cancel.xml'));
    expect(cancel).toMatchObject({ kind: 'cancel', queryId: { extension: 'q-1' } });
  });
});

describe('The answer to it', () => {
  const parts = aDemographicsQueryResponse({ quantities: { total: 25, remaining: 5 } });

  it('has all three quantities and the queryId of the query', () => {
    const { xml } = ITI_47.response.encode(parts, openedXml(written(CONTINUATION)), FROZEN);
    expect(xml).toContain(
      '<queryAck><queryId root="2.999.7" extension="q-1"/><statusCode code="deliveredResponse"/><queryResponseCode code="OK"/><resultTotalQuantity value="25"/><resultCurrentQuantity value="1"/><resultRemainingQuantity value="5"/></queryAck>',
    );
    expect(decodeResponse(ITI_47, xml)).toEqual(parts);
  });

  it('is an accept acknowledgement for a cancel', () => {
    const done = {
      acknowledgement: 'AA',
      queryResponseCode: 'NF',
      matches: [],
      details: [],
    } as const;
    const { xml } = ITI_47.response.encode(done, openedXml(written(CANCEL)), FROZEN);
    expect(xml).toMatch(/^<MCCI_IN000002UV01 .*<typeCode code="CA"\/>/);
    expect(decodeResponse(ITI_47, xml)).toEqual(done);
  });

  it('is AE and QE where nothing is left of the query, and AE where it is our fault', () => {
    const refuse = (refusal: Refusal) =>
      decodeResponse(
        ITI_47,
        ITI_47.refusal([refusal], openedXml(written(CONTINUATION)), FROZEN).xml,
      );
    expect(refuse(unknownQuery())).toMatchObject({
      acknowledgement: 'AE',
      queryResponseCode: 'QE',
      details: [{ code: '204' }],
    });
    expect(refuse(new Refusal('INTERR', 'ours'))).toMatchObject({ queryResponseCode: 'AE' });
    expect(parseXml(written(CONTINUATION)).name).toBe('QUQI_IN000003UV01');
  });
});
