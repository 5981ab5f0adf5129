import { bytesContent, type Parts } from '../../../profiles/formats/mtom.ts';
import type { Transaction } from '../../../profiles/transaction.ts';
import { ITI_38 } from '../../../profiles/xca/iti-38.ts';
import { ITI_39 } from '../../../profiles/xca/iti-39.ts';
import { ITI_18 } from '../../../profiles/xds/iti-18.ts';
import { ITI_41 } from '../../../profiles/xds/iti-41.ts';
import { ITI_42 } from '../../../profiles/xds/iti-42.ts';
import { ITI_43 } from '../../../profiles/xds/iti-43.ts';
import { ITI_51 } from '../../../profiles/xds/iti-51.ts';
import { ITI_57 } from '../../../profiles/xds/iti-57.ts';
import { ITI_86 } from '../../../profiles/xds/iti-86.ts';
import { objectOfText } from '../../../profiles/xds/registry-object-text.ts';
import { readStoredQuery } from '../../../profiles/xds/stored-query-reading.ts';
import { DOCUMENT_SHARING_XSD, validateAgainst, withoutXop } from '../../support/schema.ts';
import {
  FROZEN,
  openedXml,
  partsOf,
  refused,
  samplePayload,
  samplesNamed,
  samplesPresent,
} from '../../support/xds-wire.ts';

const ANY_PART: Parts = { named: () => bytesContent(new Uint8Array(3)) };
const SHARING = [
  ITI_18,
  ITI_38,
  ITI_39,
  ITI_41,
  ITI_42,
  ITI_43,
  ITI_51,
  ITI_57,
  ITI_86,
] as readonly Transaction<unknown, unknown>[];

function named(id: string, part: string): readonly string[] {
  return samplesNamed(`${id.toLowerCase().replace('-', '')}-${part}`).filter(
    (name) => !name.includes('TEMPLATE') && !name.includes('INVALID'),
  );
}

function opened(name: string) {
  return { action: '', headers: [], body: samplePayload(name) };
}

(samplesPresent ? describe : describe.skip)('Real messages of document sharing', () => {
  it.each(SHARING.map((one) => [one.id, one] as const))(
    '%s are read, and written again so that the schema is content',
    (id, { request, response }) => {
      for (const name of named(id, 'request')) {
        const read = request.decode(opened(name), ANY_PART);
        const body = request.encode(read);
        const again = request.decode(openedXml(body.xml), partsOf(body));
        const faults = validateAgainst(DOCUMENT_SHARING_XSD, withoutXop(body.xml));
        expect([name, faults, withoutContent(again)]).toEqual([name, [], withoutContent(read)]);
      }
      for (const name of named(id, 'response')) {
        const read = response.decode(opened(name), ANY_PART);
        const body = response.encode(read, openedXml('<any/>'), FROZEN);
        const again = response.decode(openedXml(body.xml), partsOf(body));
        const faults = validateAgainst(DOCUMENT_SHARING_XSD, withoutXop(body.xml));
        expect([name, faults, withoutContent(again)]).toEqual([name, [], withoutContent(read)]);
      }
    },
  );

  it('give every object of an answer in full', () => {
    for (const name of [...named('ITI-18', 'response'), ...named('ITI-38', 'response')]) {
      for (const object of ITI_18.response.decode(opened(name), ANY_PART).objects) {
        expect(objectOfText(object)).toMatchObject({ id: object.id });
      }
    }
  });

  it('ask stored queries whose parameters are understood', () => {
    for (const name of [...named('ITI-18', 'request'), ...named('ITI-38', 'request')]) {
      const query = readStoredQuery(ITI_18.request.decode(opened(name), ANY_PART));
      expect([name, query.parameters.size > 0]).toEqual([name, true]);
    }
  });

  it.each([
    ['iti18-request-bad-code-format-INVALID.body.xml', 'XDSRegistryError'],
    ['iti18-request-missing-status-INVALID.body.xml', 'XDSStoredQueryMissingParam'],
    ['iti18-request-unquoted-pid-INVALID.body.xml', 'XDSRegistryError'],
  ])('are refused where they are wrong: %s with %s', (name, code) => {
    const refusals = refused(() => readStoredQuery(ITI_18.request.decode(opened(name), ANY_PART)));
    expect(refusals.map((refusal) => refusal.code)).toEqual([code]);
  });
});

/** Documents are handles, and handles differ. */
function withoutContent(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, held) =>
      key === 'content' && typeof held === 'object' ? null : held,
    ),
  );
}
