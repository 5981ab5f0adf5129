import { CODE_SYSTEM } from './hl7v3-codes.ts';
import {
  findOid,
  findTS,
  type II,
  readII,
  requireOid,
  timestampOf,
  v3,
  writeII,
} from './hl7v3-datatypes.ts';
import {
  HL7_V3,
  known,
  type Located,
  located,
  refusalAt,
  requireAttribute,
  requireChild,
} from './hl7v3-reading.ts';
import { type XmlElement, XSI } from './xml.ts';

export type { AcknowledgementDetail, QueryResponseCode } from './hl7v3-codes.ts';
export type { II } from './hl7v3-datatypes.ts';

/** Sender or receiver of a V3 message: a device and the organisation behind it. */
export interface Party {
  /** OID of the application. */
  readonly device: string;
  /** `asAgent/representedOrganization/id@root`; in XCPD the homeCommunityId as a plain OID. */
  readonly organization?: string;
}

/** The transmission wrapper. Source: ITI TF-2: Appendix O. */
export interface Transmission {
  readonly messageId: II;
  /** HL7 TS, `YYYYMMDDHHMMSS`. */
  readonly creationTime: string;
  readonly sender: Party;
  readonly receiver: Party;
}

/** A wrapper whose parties may be unknown, since the request that it answers did not name them. */
export interface ReplyTransmission extends Omit<Transmission, 'sender' | 'receiver'> {
  readonly sender?: Party;
  readonly receiver?: Party;
}

/** Where a message's id and time come from. */
export interface MessageIssue {
  now(): Date;
  /** A lower-case UUID without a prefix. */
  uuid(): string;
}

/** A wrapper for a new message: a fresh id, and the time in UTC. */
export function transmissionOf(
  issue: MessageIssue,
  parties: Pick<Transmission, 'sender' | 'receiver'>,
): Transmission {
  return {
    messageId: { root: issue.uuid() },
    creationTime: timestampOf(issue.now()),
    sender: parties.sender,
    receiver: parties.receiver,
  };
}

/**
 * The root of a message, once it is known to be one of `interactions` and to be meant for production, training or
 * debugging, in the current mode.
 *
 * @throws Refusal NS200 for another interaction, NS202 or NS250 for other modes, SYN100, SYN101
 */
export function openMessage(body: XmlElement, interactions: readonly string[]): Located {
  const root = located(body);
  const expected = body.namespace === HL7_V3 && interactions.includes(body.name);
  const interaction = expected
    ? requireAttribute(requireChild(root, 'interactionId'), 'extension')
    : '';
  if (interaction !== body.name) {
    throw refusalAt(root, 'NS200', `one of ${interactions.join(', ')}, with its interactionId`);
  }
  const processing = requireChild(root, 'processingCode');
  if (!['P', 'T', 'D'].includes(requireAttribute(processing, 'code'))) {
    throw refusalAt(processing, 'NS202', 'one of P, T, D');
  }
  const mode = requireChild(root, 'processingModeCode');
  if (requireAttribute(mode, 'code') !== 'T') throw refusalAt(mode, 'NS250', 'T');
  return root;
}

/** Reads the wrapper. @throws Refusal SYN100, SYN101, SYN102, or SYN110 for several receivers */
export function readTransmission(root: Located): Transmission {
  const creationTime = requireChild(root, 'creationTime');
  const time = findTS(creationTime);
  if (time === undefined) throw refusalAt(creationTime, 'SYN101', '@value is required');
  return {
    messageId: readII(requireChild(root, 'id')),
    creationTime: time,
    sender: readParty(requireChild(root, 'sender', 'device')),
    receiver: readParty(requireChild(root, 'receiver', 'device')),
  };
}

function readParty(device: Located): Party {
  return known<Party>({
    device: requireOid(device),
    organization: findOid(device, 'asAgent', 'representedOrganization'),
  });
}

/** What a message is made of; `content` comes after the sender and is XML. */
export interface MessageParts {
  readonly interaction: string;
  readonly transmission: ReplyTransmission;
  /** `AL` in requests, `NE` in answers. */
  readonly acceptAckCode: 'AL' | 'NE';
  readonly content: readonly string[];
}

/** Writes a whole message, in the order that the schema asks for. Source: HL7 V3 MCCI_MT000100, 200 and 300. */
export function writeMessage(message: MessageParts): string {
  const { messageId, creationTime, sender, receiver } = message.transmission;
  return v3(
    message.interaction,
    { xmlns: HL7_V3, 'xmlns:xsi': XSI, ITSVersion: 'XML_1.0' },
    writeII(messageId),
    v3('creationTime', { value: creationTime }),
    v3('interactionId', { root: CODE_SYSTEM.interaction, extension: message.interaction }),
    v3('processingCode', { code: 'P' }),
    v3('processingModeCode', { code: 'T' }),
    v3('acceptAckCode', { code: message.acceptAckCode }),
    v3('receiver', { typeCode: 'RCV' }, writeDevice(receiver)),
    v3('sender', { typeCode: 'SND' }, writeDevice(sender)),
    ...message.content,
  );
}

const INSTANCE = { determinerCode: 'INSTANCE' } as const;

function writeDevice(party: Party | undefined): string {
  const organization = party?.organization;
  return v3(
    'device',
    { classCode: 'DEV', ...INSTANCE },
    party === undefined ? v3('id', { nullFlavor: 'UNK' }) : v3('id', { root: party.device }),
    organization === undefined
      ? undefined
      : v3(
          'asAgent',
          { classCode: 'AGNT' },
          v3(
            'representedOrganization',
            { classCode: 'ORG', ...INSTANCE },
            v3('id', { root: organization }),
          ),
        ),
  );
}

/** `controlActProcess` with its trigger event; `content` is XML in the order of the schema. */
export function writeControlAct(
  interaction: string,
  ...content: readonly (string | undefined)[]
): string {
  const code = interaction.replace('_IN', '_TE');
  return v3(
    'controlActProcess',
    { classCode: 'CACT', moodCode: 'EVN' },
    v3('code', { code, codeSystem: CODE_SYSTEM.interaction }),
    ...content,
  );
}

/** `authorOrPerformer` with a device: who asks, or for XCPD which authority a query back shall use. */
export function writeAuthor(device: string): string {
  return v3(
    'authorOrPerformer',
    { typeCode: 'AUT' },
    v3('assignedDevice', { classCode: 'ASSIGNED' }, v3('id', { root: device })),
  );
}
