import { DomainTable, domainsOf } from '../../../actors/patient-identity/domains.ts';
import { refusalsOf } from '../../../profiles/refusal.ts';
import { SAMPLE_COMMUNITY } from '../../support/world-of-actors.ts';

const HOSPITAL = { oid: '2.999.1', namespaceId: 'HOSP_A', kind: 'chart-number' } as const;
const CLINIC = { oid: '2.999.2', namespaceId: 'CLINIC', kind: 'chart-number' } as const;
const NAMELESS = { oid: '2.999.3', kind: 'insurance-key' } as const;
const table = new DomainTable([HOSPITAL, CLINIC, NAMELESS]);

describe('The assigning authorities that are known here', () => {
  it.each([
    ['its namespace', { namespaceId: 'HOSP_A' }, HOSPITAL],
    ['its OID', { universalId: '2.999.1', universalIdType: 'ISO' }, HOSPITAL],
    ['an OID without a type', { universalId: 'urn:oid:2.999.2' }, CLINIC],
    ['both, which agree', { namespaceId: 'CLINIC', universalId: '2.999.2' }, CLINIC],
    [
      'its OID and a namespace of the sender’s',
      { namespaceId: 'X', universalId: '2.999.3' },
      NAMELESS,
    ],
  ])('are meant by %s', (_what, written, domain) => {
    expect(table.domainOf(written)).toBe(domain);
  });

  it('are supplied where a source has only one and names none', () => {
    expect(table.domainOf({}, HOSPITAL.oid)).toBe(HOSPITAL);
  });

  it.each([
    ['is missing', {}],
    ['9.9.9 is not known here', { universalId: '9.9.9' }],
    ['has a namespace that is not known here', { namespaceId: 'NOBODY' }],
    ['has a namespace that is not known here', { namespaceId: 'OTHER', universalId: '2.999.1' }],
    ['two different domains', { namespaceId: 'HOSP_A', universalId: '2.999.2' }],
    ['is not of type ISO', { universalId: '2.999.1', universalIdType: 'GUID' }],
  ])('are refused with 204 and the reason: %s', (reason, written) => {
    const refuse = () => table.domainOf(written);
    expect(refuse).toThrow(reason);
    try {
      refuse();
    } catch (error) {
      expect(refusalsOf(error)?.map(({ code }) => code)).toEqual(['204']);
    }
  });

  it('stand once each, OID and namespace', () => {
    expect(() => new DomainTable([HOSPITAL, { ...CLINIC, oid: HOSPITAL.oid }])).toThrow('twice');
    expect(() => new DomainTable([HOSPITAL, { ...CLINIC, namespaceId: 'HOSP_A' }])).toThrow(
      'twice',
    );
  });

  it('are those of the community where nothing else is told of them', () => {
    const { all } = domainsOf(SAMPLE_COMMUNITY);
    expect(all.map(({ oid }) => oid)).toEqual(SAMPLE_COMMUNITY.assigningAuthorities);
    expect(all.find(({ kind }) => kind === 'regional-id')?.oid).toBe(
      SAMPLE_COMMUNITY.affinityDomain,
    );
  });
});
