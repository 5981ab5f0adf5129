import { ISO_IR87 } from '../../../profiles/formats/hl7v2-charsets.ts';
import { fieldText, parseV2, segmentsOf } from '../../../profiles/formats/hl7v2.ts';
import type { AdtFeed } from '../../../profiles/pix/adt.ts';
import { ITI_30 } from '../../../profiles/pix/iti-30.ts';
import { ITI_8 } from '../../../profiles/pix/iti-8.ts';
import type { PatientIdentityFeed } from '../../../profiles/pix/iti-44.ts';
import { V2_CONTEXT, V2_SAMPLES } from '../../support/hl7v2-samples.ts';

const feeds = (V2_SAMPLES['ITI-30']?.requests ?? []) as readonly AdtFeed[];
const isNameless = ({ kind }: AdtFeed) => ['link', 'unlink', 'change'].includes(kind);

describe('ITI-30 as it is written', () => {
  it('has PID-5 in every PID, of type U where nothing is said of a name (ITI TF-2: 3.30)', () => {
    const nameless = feeds.filter(isNameless);
    expect(nameless.length).toBeGreaterThan(2);
    for (const feed of nameless) {
      const message = parseV2(ITI_30.request.encode(feed, V2_CONTEXT));
      const names = segmentsOf(message, 'PID').map((pid) => fieldText(pid, 5));
      expect(new Set(names)).toEqual(new Set(['^^^^^^U']));
    }
  });

  it('has no MSH-20, for which the definition of MSH has no room; ITI-8 has it for ISO-2022-JP', () => {
    const context = { ...V2_CONTEXT, sets: ISO_IR87 };
    const handling = (text: string) => {
      const [msh] = parseV2(text).segments;
      return msh && [fieldText(msh, 18), fieldText(msh, 20)];
    };
    const [feed] = feeds;
    if (!feed) throw new Error('no samples');
    expect(handling(ITI_30.request.encode(feed, context))).toEqual(['~ISO IR87', '']);
    const [sample] = (V2_SAMPLES['ITI-8']?.requests ?? []) as readonly PatientIdentityFeed[];
    if (!sample) throw new Error('no samples');
    const written = ITI_8.request.encode(sample, context);
    expect(handling(written)).toEqual(['~ISO IR87', 'ISO 2022-1994']);
  });
});
