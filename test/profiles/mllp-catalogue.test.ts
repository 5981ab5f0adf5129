import { MLLP_CATALOGUE } from '../../profiles/catalogue.ts';
import { encodeText, ISO_IR87 } from '../../profiles/formats/hl7v2-charsets.ts';
import { headerIn } from '../../profiles/formats/hl7v2-reply.ts';
import { headerAlone, parseV2, readV2, segmentsOf } from '../../profiles/formats/hl7v2.ts';
import { Refusal } from '../../profiles/refusal.ts';
import { V2_CONTEXT, V2_SAMPLES } from '../support/hl7v2-samples.ts';

function samplesOf(id: string) {
  const samples = V2_SAMPLES[id];
  if (samples === undefined) throw new Error(`no samples of ${id}`);
  return samples;
}

/** The same message with other delimiters. */
function withDelimiters(text: string): string {
  const table: Readonly<Record<string, string>> = {
    '|': '#',
    '^': '%',
    '~': '*',
    '\\': '@',
    '&': '$',
  };
  return [...text].map((one) => table[one] ?? one).join('');
}

describe('The catalogue of HL7 v2', () => {
  it('lists every transaction once', () => {
    expect(MLLP_CATALOGUE.map(({ id }) => id)).toEqual([
      'ITI-8',
      'ITI-9',
      'ITI-10',
      'ITI-21',
      'ITI-30',
    ]);
  });
});

describe.each(MLLP_CATALOGUE.map((transaction) => [transaction.id, transaction] as const))(
  '%s',
  (id, { request, response, refusal, wire }) => {
    const { requests, responses } = samplesOf(id);
    const asked = parseV2(request.encode(requests[0], V2_CONTEXT));

    it('reads back the requests that it writes, in UTF-8 octets', () => {
      for (const one of requests) {
        const octets = Buffer.from(request.encode(one, V2_CONTEXT));
        expect(request.decode(readV2(octets), V2_CONTEXT)).toEqual(one);
      }
    });

    it('reads back the requests that it writes in ISO-2022-JP', () => {
      const context = { ...V2_CONTEXT, sets: ISO_IR87 };
      for (const one of requests) {
        const { octets, lost } = encodeText(request.encode(one, context), ISO_IR87);
        expect(lost).toEqual([]);
        expect(request.decode(readV2(octets), context)).toEqual(one);
      }
    });

    it('reads its requests with other delimiters', () => {
      for (const one of requests) {
        const text = request.encode(one, V2_CONTEXT);
        // An escape sequence stands for the delimiter of its own message.
        if (/[#%*@$]|\\[FSTR]\\/.test(text)) continue;
        expect(request.decode(parseV2(withDelimiters(text)), V2_CONTEXT)).toEqual(one);
      }
    });

    it('reads its requests with line feeds, or both, between segments', () => {
      const text = request.encode(requests[0], V2_CONTEXT);
      for (const end of ['\n', '\r\n', '\r\r\n']) {
        const message = parseV2(text.replaceAll('\r', end));
        expect(request.decode(message, V2_CONTEXT)).toEqual(requests[0]);
      }
    });

    it('ignores segments and trailing fields that it does not know', () => {
      const text = request.encode(requests[0], V2_CONTEXT);
      const more = `${text.replaceAll('\r', `${'|'.repeat(41)}Z\r`)}ZZ1|x\r`;
      const lenient = more.replace(/(RCP\|I)\|+Z/, '$1').replace(/(QPD[^\r]*?)\|+Z\r/, '$1\r');
      expect(request.decode(parseV2(lenient), V2_CONTEXT)).toEqual(requests[0]);
    });

    it('reads back the answers that it writes', () => {
      for (const one of responses) {
        const octets = Buffer.from(response.encode(one, asked, V2_CONTEXT));
        expect(response.decode(readV2(octets), V2_CONTEXT)).toEqual(one);
      }
    });

    it('writes the event that its wire names, ends every segment with CR, and leaves no trailing delimiter', () => {
      for (const one of requests) {
        const text = request.encode(one, V2_CONTEXT);
        const { type, trigger, structure, version } = headerIn(parseV2(text));
        const message = wire.messages.find((each) => each.trigger === trigger);
        expect({ type, structure, version }).toEqual({
          type: message?.type,
          structure: message?.structure,
          version: wire.version,
        });
        expect(text.endsWith('\r')).toBe(true);
        expect(text).not.toMatch(/[|^~&]\r|\n/);
      }
    });

    it('takes or refuses a request cut at any octet, and can always say no', () => {
      for (const one of requests) {
        const octets = Buffer.from(request.encode(one, V2_CONTEXT));
        for (let end = 0; end < octets.length; end += 1) {
          const cut = octets.subarray(0, end);
          try {
            request.decode(readV2(cut), V2_CONTEXT);
          } catch (error) {
            if (!(error instanceof Refusal)) throw error;
            const answer = parseV2(refusal([error], headerAlone(cut), V2_CONTEXT));
            expect(segmentsOf(answer, 'MSA')).toHaveLength(1);
            expect(segmentsOf(answer, 'ERR')).toHaveLength(1);
          }
        }
      }
    });

    it('takes or refuses an answer cut at any octet', () => {
      for (const one of responses) {
        const octets = Buffer.from(response.encode(one, asked, V2_CONTEXT));
        for (let end = 0; end < octets.length; end += 1) {
          try {
            response.decode(readV2(octets.subarray(0, end)), V2_CONTEXT);
          } catch (error) {
            if (!(error instanceof Refusal)) throw error;
          }
        }
      }
    });

    it('says no in a form that its own decoder reads', () => {
      const no = new Refusal('INTERR', 'a | reason ^ & more');
      const answer = response.decode(parseV2(refusal([no], asked, V2_CONTEXT)), V2_CONTEXT);
      expect(answer).toMatchObject({ details: [{ severity: 'E', code: '207' }] });
    });

    it('answers from whom it was asked to whom it was asked', () => {
      const answer = parseV2(response.encode(responses[0], asked, V2_CONTEXT));
      const [msh] = segmentsOf(answer, 'MSH');
      const [own] = segmentsOf(asked, 'MSH');
      const parties = (text = '') => text.split('|').slice(2, 6);
      const [a, b, c, d] = parties(own?.text);
      expect(parties(msh?.text)).toEqual([c, d, a, b]);
    });
  },
);
