import { ITI_46 } from '../../../profiles/pix/iti-46.ts';
import { aPatientId, aPatientIdentityFeed, SAMPLE_OIDS } from '../../support/hl7v3-builders.ts';
import { altered, decodeRequest, keepsTheLaws, refusalOf } from '../../support/hl7v3-laws.ts';

const ids = [
  aPatientId(),
  aPatientId({ id: 'R-77', assigningAuthority: SAMPLE_OIDS.affinityDomain }),
];
const { transmission, custodian } = aPatientIdentityFeed();
const notification = {
  ...{ kind: 'revise' as const, transmission, custodian, ids, otherIds: [] },
  demographics: { names: [] },
  providerOrganization: { id: aPatientId().assigningAuthority },
};
const written = ITI_46.request.encode(notification);

describe('ITI-46 PIXV3 Update Notification', () => {
  keepsTheLaws(ITI_46, {
    requests: [notification],
    responses: [
      { code: 'CA', details: [] },
      { code: 'CE', details: [{ severity: 'E', code: 'SYN100' }] },
    ],
  });

  it('is read without a provider organisation, as IPF writes it: its ids are all that it says', () => {
    const without = altered(written, /<providerOrganization.*<\/providerOrganization>/, '');
    expect(decodeRequest(ITI_46, without)).toEqual(notification);
  });

  it('is refused without an id', () => {
    const nobody = altered(written, /(<patient classCode="PAT">)(?:<id [^>]*>)+/, '$1');
    expect(refusalOf(() => decodeRequest(ITI_46, nobody)).code).toBe('SYN100');
  });
});
