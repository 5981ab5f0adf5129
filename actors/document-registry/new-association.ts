import type { Association } from '../../profiles/formats/ebxml.ts';
import type { Issue } from '../../profiles/transaction.ts';
import { ASSOCIATION_TYPE, OBJECT_TYPE, STATUS_TYPE } from '../../profiles/xds/vocabulary.ts';

/** What an Association that the registry itself makes has of its own. */
export type NewAssociation = Pick<Association, 'sourceObject' | 'targetObject'> &
  Partial<Pick<Association, 'associationType' | 'slots' | 'classifications'>>;

/** An Association that the registry makes: Approved, its own first version. HasMember, unless it says otherwise. */
export function newAssociation(of: NewAssociation, issue: Issue): Association {
  const id = `urn:uuid:${issue.uuid()}`;
  const { classifications = [] } = of;
  return {
    element: 'Association',
    lid: id,
    status: STATUS_TYPE.Approved,
    objectType: OBJECT_TYPE.Association,
    versionName: '1',
    slots: [],
    name: [],
    description: [],
    externalIdentifiers: [],
    associationType: ASSOCIATION_TYPE.HasMember,
    ...of,
    id,
    classifications: classifications.map((one) => ({
      ...one,
      id: `urn:uuid:${issue.uuid()}`,
      classifiedObject: id,
    })),
  };
}

/**
 * A document put into Folders: each filing, and the SubmissionSet's membership of each filing.
 *
 * @see ITI TF-3: 4.2.2.1.3
 */
export function filed(
  folders: readonly string[],
  { document, submissionSet }: { document: string; submissionSet: string },
  issue: Issue,
): readonly Association[] {
  return folders.flatMap((folder) => {
    const filing = newAssociation({ sourceObject: folder, targetObject: document }, issue);
    const membership = { sourceObject: submissionSet, targetObject: filing.id };
    return [filing, newAssociation(membership, issue)];
  });
}
