import type { Association } from '../formats/ebxml.ts';
import { NONE } from './metadata-rule.ts';
import { type AssociationRule, typeOf } from './submission-graph.ts';
import type { AssociationTypeName } from './vocabulary.ts';

type Row = Pick<AssociationRule, 'section' | 'text' | 'faults'> &
  Partial<Pick<AssociationRule, 'code' | 'columns' | 'attribute'>>;

/** One row; the code is that of the metadata unless it says another. */
export function associationRule(name: string, row: Row): AssociationRule {
  return {
    code: 'MetadataError',
    ...row,
    name: `Association.${name}`,
    kind: 'Association',
    check: 'predicate',
    severity: 'failure',
  };
}

/** Looks only at Associations whose ends are sound and whose type is one of these. */
export function ofTypes(
  types: readonly AssociationTypeName[],
  faults: AssociationRule['faults'],
): AssociationRule['faults'] {
  return (association, graph) => {
    const type = typeOf(association);
    return type !== undefined && types.includes(type) && graph.isReadable(association)
      ? faults(association, graph)
      : NONE;
  };
}

/** True where both are of one type and have the same ends. */
export function sameLink(one: Association, other: Association): boolean {
  return (
    one.associationType === other.associationType &&
    one.sourceObject === other.sourceObject &&
    one.targetObject === other.targetObject
  );
}
