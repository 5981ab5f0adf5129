import { ITI_44 } from '../../../profiles/pix/iti-44.ts';
import { ARegistry } from '../../support/a-registry.ts';
import { refusalsIn } from '../../support/an-identity-actor.ts';
import { aPatientIdentityFeed } from '../../support/hl7v3-builders.ts';
import { aCaller } from '../../support/world-of-actors.ts';

describe('ITI-44 Patient Identity Feed HL7 V3, as the Document Registry answers it', () => {
  const regional = { id: 'R-1', assigningAuthority: '2.999.3.7' };
  const chart = { id: '1', assigningAuthority: '2.999.3.8' };
  let registry: ARegistry;

  const feed = (ids: (typeof regional)[], caller = aCaller({ kinds: ['own'] })) =>
    registry.world.as(caller)(ITI_44, 'document-registry', aPatientIdentityFeed({ ids }));
  const knows = (id: typeof regional) => registry.store.look((reader) => reader.knows(id));

  beforeEach(async () => {
    registry = await ARegistry.open();
  });

  afterEach(() => registry.close());

  it('makes a patient of the affinity domain known, as often as she is fed', async () => {
    expect(await knows(regional)).toBe(false);
    expect(await feed([regional])).toEqual({ code: 'CA', details: [] });
    expect(await feed([regional])).toEqual({ code: 'CA', details: [] });
    expect(await knows(regional)).toBe(true);
  });

  it('keeps no id of another domain', async () => {
    await feed([chart, regional]);
    expect(await knows(chart)).toBe(false);
    expect(await refusalsIn(feed([chart]))).toEqual([{ code: '204' }]);
  });

  it('refuses a caller who does not feed the affinity domain', async () => {
    const clinic = aCaller({ assigningAuthorities: ['2.999.3.8'] });
    expect(await refusalsIn(feed([regional], clinic))).toEqual([{ code: '204' }]);
    const source = aCaller({ assigningAuthorities: ['2.999.3.7'] });
    expect(await refusalsIn(feed([regional], source))).toEqual([]);
  });
});
