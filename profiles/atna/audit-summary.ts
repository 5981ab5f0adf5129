import { childNamed, childrenNamed, parseXml, textOf, type XmlElement } from '../formats/xml.ts';

/** An audit message as a list shows it: what, how it ended, who, whose. */
export interface AuditSummary {
  /** EventID's text, for example `Query`. */
  readonly event: string;
  /** EventTypeCode: `ITI-18`, or a DICOM code. */
  readonly type: string;
  readonly typeName: string;
  readonly action: string;
  /** EventOutcomeIndicator: `0`, `4`, `8` or `12`. */
  readonly outcome: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly description?: string;
  /** UserName, else host, else UserID of who asked; of an operator's deed the UserID, which is a person's. */
  readonly requestor?: string;
  /** Patient ids as CX. */
  readonly patients: readonly string[];
}

/** Audit Log Used, in DCM. */
const AUDIT_LOG_USED = '110101';

/**
 * Reads what `encodeAuditMessage` wrote. Audit messages have no namespace.
 *
 * @throws Refusal when it is no XML
 * @see DICOM PS3.15 A.5.1
 */
export function summaryOf(message: string): AuditSummary {
  const root = parseXml(message);
  const event = childNamed(root, '', 'EventIdentification');
  const id = event && childNamed(event, '', 'EventID');
  const type = event && childNamed(event, '', 'EventTypeCode');
  const description = event && childNamed(event, '', 'EventOutcomeDescription');
  const isDeed =
    attribute(type, 'codeSystemName') === 'Kakehashi' ||
    attribute(id, 'csd-code') === AUDIT_LOG_USED;
  const requestor = childrenNamed(root, '', 'ActiveParticipant').find(
    (one) => one.attributes.get('UserIsRequestor') === 'true',
  );
  return {
    event: attribute(id, 'originalText'),
    type: attribute(type, 'csd-code'),
    typeName: attribute(type, 'originalText'),
    action: attribute(event, 'EventActionCode'),
    outcome: attribute(event, 'EventOutcomeIndicator'),
    at: attribute(event, 'EventDateTime'),
    description: description && textOf(description),
    requestor:
      attribute(requestor, 'UserName') ||
      (isDeed ? attribute(requestor, 'UserID') : '') ||
      attribute(requestor, 'NetworkAccessPointID') ||
      attribute(requestor, 'UserID') ||
      undefined,
    patients: childrenNamed(root, '', 'ParticipantObjectIdentification')
      .filter((one) => one.attributes.get('ParticipantObjectTypeCodeRole') === '1')
      .map((one) => attribute(one, 'ParticipantObjectID')),
  };
}

function attribute(element: XmlElement | undefined, name: string): string {
  return element?.attributes.get(name) ?? '';
}
