import { ANONYMOUS, SOAP12, WSA } from '../../profiles/formats/soap-addressing.ts';
import {
  childNamed,
  childrenNamed,
  elementsOf,
  isNamed,
  resolveName,
  textOf,
  type XmlElement,
} from '../../profiles/formats/xml.ts';
import { isSoap12, type Message } from './message.ts';
import { both, type Finding, failure, type Rule, warning } from './rule.ts';

const SOAP = 'SOAP 1.2 Part 1, section 5';
const ADDRESSING = 'ITI TF-2: Appendix V.3.2; WS-Addressing 1.0';

/** Rules of the envelope and its addressing. */
export const ENVELOPE_RULES: readonly Rule<Message>[] = [
  {
    name: 'soap.version',
    source: SOAP,
    what: both('The envelope is that of SOAP 1.2.', '封筒は SOAP 1.2 のものである。'),
    check: ({ root }) =>
      isSoap12(root)
        ? []
        : [failure(both('its namespace is another', '名前空間が SOAP 1.2 と異なります'), root)],
  },
  {
    name: 'soap.structure',
    source: SOAP,
    what: both(
      'The envelope holds a Header and a Body, in this order, and the Body one payload.',
      '封筒には Header と Body がこの順にあり、Body の中身は一つである。',
    ),
    check: structure,
  },
  {
    name: 'soap.fault',
    source: 'SOAP 1.2 Part 1, section 5.4',
    what: both(
      'A fault has a code of SOAP 1.2 and a reason.',
      'フォルトには SOAP 1.2 のコードと理由がある。',
    ),
    check: fault,
  },
  {
    name: 'soap.must-understand',
    source: 'SOAP 1.2 Part 1, section 5.2.3; ITI TF-2: Appendix V.3.2.2',
    what: both(
      'mustUnderstand is in the namespace of SOAP, true or false, and set on wsa:Action.',
      'mustUnderstand は SOAP の名前空間にあり、値は真偽値で、wsa:Action に付く。',
    ),
    check: mustUnderstand,
  },
  {
    name: 'wsa.action',
    source: ADDRESSING,
    what: both(
      'wsa:Action stands once and is that of a known transaction.',
      'wsa:Action は一つで、既知のトランザクションのものである。',
    ),
    check: action,
  },
  {
    name: 'wsa.payload',
    source: 'ITI TF-2: Appendix V.3.2.1',
    what: both(
      'The payload is what the action announces.',
      'Body の中身は wsa:Action の示すものである。',
    ),
    check: payload,
  },
  {
    name: 'wsa.message-id',
    source: ADDRESSING,
    what: both(
      'A request has one wsa:MessageID, an absolute URI.',
      '要求には wsa:MessageID が一つあり、絶対 URI である。',
    ),
    check: messageId,
  },
  {
    name: 'wsa.reply-to',
    source: ADDRESSING,
    what: both(
      'A request has wsa:ReplyTo with one Address.',
      '要求には Address を一つ持つ wsa:ReplyTo がある。',
    ),
    check: replyTo,
  },
  {
    name: 'wsa.relates-to',
    source: ADDRESSING,
    what: both(
      'An answer has one wsa:RelatesTo, the MessageID of its request.',
      '応答には要求の MessageID を示す wsa:RelatesTo が一つある。',
    ),
    check: relatesTo,
  },
];

function structure({ root }: Message): readonly Finding[] {
  const [first, second, ...more] = elementsOf(root);
  const hasHeader = first?.name === 'Header';
  const body = hasHeader ? second : first;
  const findings: Finding[] = [];
  if (body === undefined || !isNamed(body, root.namespace, 'Body')) {
    return [failure(both('there is no Body in its place', 'Body が正しい位置にありません'), root)];
  }
  if (!hasHeader) findings.push(failure(both('there is no Header', 'Header がありません'), root));
  const extra = hasHeader ? more : [second, ...more];
  for (const element of extra) {
    if (element === undefined) continue;
    findings.push(
      failure(both('an element follows the Body', 'Body の後に要素があります'), element),
    );
  }
  const payloads = elementsOf(body);
  if (payloads.length !== 1) {
    findings.push(
      failure(
        both(
          `the Body holds ${payloads.length} elements`,
          `Body に要素が ${payloads.length} 個あります`,
        ),
        payloads[1] ?? body,
      ),
    );
  }
  for (const part of [root, body]) {
    if (textOf(part).trim() !== '') {
      findings.push(
        failure(both(`${part.name} holds text`, `${part.name} に文字列があります`), part),
      );
    }
  }
  return findings;
}

const FAULT_CODES = [
  'Sender',
  'Receiver',
  'MustUnderstand',
  'VersionMismatch',
  'DataEncodingUnknown',
];

function fault({ payload: held }: Message): readonly Finding[] {
  if (held === undefined || !isNamed(held, SOAP12, 'Fault')) return [];
  const code = childNamed(held, SOAP12, 'Code');
  const value = code && childNamed(code, SOAP12, 'Value');
  const name = value && resolveName(value, textOf(value).trim());
  const findings: Finding[] = [];
  if (name?.namespace !== SOAP12 || !FAULT_CODES.includes(name.name)) {
    findings.push(
      failure(
        both('its code is none of SOAP 1.2', 'コードが SOAP 1.2 のものではありません'),
        value ?? held,
      ),
    );
  }
  const reason = childNamed(held, SOAP12, 'Reason');
  if (reason === undefined || childNamed(reason, SOAP12, 'Text') === undefined) {
    findings.push(
      failure(both('there is no Reason with a Text', 'Reason と Text がありません'), held),
    );
  }
  return findings;
}

function addressing({ headers }: Message, name: string): readonly XmlElement[] {
  return headers.filter((header) => isNamed(header, WSA, name));
}

const MUST_UNDERSTAND = `{${SOAP12}}mustUnderstand`;

/** Headers outside WS-Addressing that the Framework's transactions have. */
const UNDERSTOOD = [WSA, 'urn:ihe:iti:xcpd:2009'];

function mustUnderstand(message: Message): readonly Finding[] {
  const findings: Finding[] = [];
  for (const header of message.headers) {
    const value = header.attributes.get(MUST_UNDERSTAND)?.trim();
    if (['1', 'true'].includes(value ?? '') && !UNDERSTOOD.includes(header.namespace)) {
      findings.push(
        warning(
          both(
            `who does not process ${header.name} must refuse the message`,
            `${header.name} を処理しない相手は電文を拒否しなければなりません`,
          ),
          header,
        ),
      );
    }
    if (value !== undefined && !['0', '1', 'true', 'false'].includes(value)) {
      findings.push(
        failure(
          both('mustUnderstand is neither true nor false', 'mustUnderstand が真偽値ではありません'),
          header,
        ),
      );
    }
    for (const name of header.attributes.keys()) {
      if (!name.endsWith('mustUnderstand') || name === MUST_UNDERSTAND) continue;
      findings.push(
        warning(
          both(
            'mustUnderstand is not in the namespace of SOAP',
            'mustUnderstand が SOAP の名前空間にありません',
          ),
          header,
        ),
      );
    }
  }
  const [first] = addressing(message, 'Action');
  const isSet = ['1', 'true'].includes(first?.attributes.get(MUST_UNDERSTAND)?.trim() ?? '');
  if (first !== undefined && !isSet) {
    findings.push(
      warning(both('wsa:Action does not carry it', 'wsa:Action に付いていません'), first),
    );
  }
  return findings;
}

function action(message: Message): readonly Finding[] {
  const [first, second] = addressing(message, 'Action');
  if (first === undefined) {
    return [failure(both('there is no wsa:Action', 'wsa:Action がありません'), message.root)];
  }
  if (second !== undefined) {
    return [failure(both('it stands more than once', '二つ以上あります'), second)];
  }
  const isFault = message.action?.startsWith(WSA) === true && message.action.endsWith('/fault');
  if (message.message !== undefined || isFault) return [];
  return [
    failure(
      both('no transaction known here has it', '既知のトランザクションのものではありません'),
      first,
    ),
  ];
}

function payload({ message, direction, payload: held, root }: Message): readonly Finding[] {
  if (message === undefined || held === undefined) return [];
  const { body } = message;
  if (direction === 'request') {
    if (isNamed(held, body.namespace, body.name)) return [];
    return [
      failure(
        both(`${held.name} in place of ${body.name}`, `${body.name} ではなく ${held.name} です`),
        held,
      ),
    ];
  }
  const isFault = isNamed(held, SOAP12, 'Fault');
  const isRequest = isNamed(held, body.namespace, body.name);
  return isFault || isRequest
    ? [
        failure(
          both(
            `the action is that of an answer, but the payload is ${held.name}`,
            `wsa:Action は応答のものですが、中身は ${held.name} です`,
          ),
          root,
        ),
      ]
    : [];
}

function messageId(message: Message): readonly Finding[] {
  const [first, second] = addressing(message, 'MessageID');
  if (second !== undefined) {
    return [failure(both('it stands more than once', '二つ以上あります'), second)];
  }
  if (first === undefined) {
    return message.direction === 'answer'
      ? []
      : [failure(both('there is none', 'ありません'), message.root)];
  }
  const value = textOf(first).trim();
  return /^[A-Za-z][A-Za-z0-9+.-]*:\S+$/.test(value)
    ? []
    : [failure(both('it is no absolute URI', '絶対 URI ではありません'), first)];
}

function replyTo(message: Message): readonly Finding[] {
  if (message.direction === 'answer') return [];
  const [first, second] = addressing(message, 'ReplyTo');
  if (first === undefined) {
    return [
      warning(
        both(
          'there is none; receivers take it for anonymous',
          'ありません。受信側は anonymous とみなします',
        ),
        message.root,
      ),
    ];
  }
  if (second !== undefined) {
    return [failure(both('it stands more than once', '二つ以上あります'), second)];
  }
  const [address, other] = childrenNamed(first, WSA, 'Address');
  const value = address === undefined ? '' : textOf(address).trim();
  if (value === '' || other !== undefined) {
    return [failure(both('it needs one Address', 'Address が一つ必要です'), first)];
  }
  return value === ANONYMOUS
    ? []
    : [
        warning(
          both(
            'it asks for an asynchronous answer, which not every actor gives',
            '非同期の応答を求めています。対応しないアクターもあります',
          ),
          first,
        ),
      ];
}

function relatesTo(message: Message): readonly Finding[] {
  if (message.direction !== 'answer') return [];
  const found = addressing(message, 'RelatesTo');
  const [first] = found;
  if (found.length === 1 && first !== undefined && textOf(first).trim() !== '') return [];
  return [
    failure(
      first === undefined
        ? both('there is none', 'ありません')
        : both('it is empty or stands more than once', '空か、二つ以上あります'),
      first ?? message.root,
    ),
  ];
}
