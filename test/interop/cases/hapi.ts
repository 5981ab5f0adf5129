import type { AdtFeed } from '../../../profiles/pix/adt.ts';
import { ITI_10 } from '../../../profiles/pix/iti-10.ts';
import { ITI_30 } from '../../../profiles/pix/iti-30.ts';
import type {
  AcceptAcknowledgement,
  PatientRegistrationFeed,
} from '../../../profiles/pix/iti-44.ts';
import { ITI_8 } from '../../../profiles/pix/iti-8.ts';
import type { MllpTransaction } from '../../../profiles/transaction.ts';
import { PROOF } from '../../support/proof-region.ts';
import {
  type CaseName,
  contains,
  type Direction,
  HAPI_PEER,
  type InteropCase,
  same,
} from '../interop-case.ts';
import type { V2Answer } from '../peer.ts';
import {
  chartOf,
  cx,
  domainAt,
  type Fields,
  freshControlId,
  type HapiWay,
  hapiAsks,
  type V2Message,
  weSend,
  wrapped,
} from '../v2-case.ts';
import { byName, personAt, registrationOf, type Stranger } from '../v2-people.ts';
import type { PeerPort, V2Charset } from '../v2-world.ts';
import type { InteropWorld } from '../world.ts';
import { aStranger } from './identity.ts';

const cell = (
  transaction: string,
  direction: Direction,
  name: CaseName,
  run: (world: InteropWorld) => Promise<void>,
): InteropCase => ({ peer: HAPI_PEER, transaction, direction, name, run });

const said = ({ acknowledgement, details, places }: V2Answer) => [acknowledgement, details, places];
const TAKEN = ['AA', [], []];

const feedOf = (stranger: Stranger, event = 'ADT^A04'): V2Message => ({
  event,
  fields: { ...personAt(stranger, [chartOf(stranger.id)]), '/PV1-2': 'O' },
});

const feed = (
  world: InteropWorld,
  hapi: HapiWay,
  strangers: readonly Stranger[],
  charset: V2Charset = 'utf8',
) =>
  hapiAsks(world, {
    ...{ transaction: 'ITI-8', hapi, version: '2.3.1', charset },
    messages: strangers.map((stranger) => feedOf(stranger)),
  });

/** Makes people known to us by HAPI. */
async function known(world: InteropWorld, count: number): Promise<readonly Stranger[]> {
  const strangers = Array.from({ length: count }, aStranger);
  const answers = await feed(world, 'batched', strangers);
  same(
    answers.map(said),
    strangers.map(() => TAKEN),
    'the acknowledgements',
  );
  return strangers;
}

/** What may be wrong with a message before anybody looks at whom it is about: MSA-1, ERR code and place. */
const REFUSED: readonly (readonly [fields: Fields, event: string, expected: readonly unknown[]])[] =
  [
    [{ '/MSH-12': '2.9' }, 'ADT^A04', ['AR', ['203'], ['MSH^1^12^1^1']]],
    [{ '/MSH-11': 'X' }, 'ADT^A04', ['AR', ['202'], ['MSH^1^11']]],
    [{ '/MSH-18': 'BIG-5' }, 'ADT^A04', ['AR', ['103'], ['MSH^1^18']]],
    [{ '/MSH-9-2': 'A03' }, 'ADT^A03', ['AR', ['201'], ['MSH^1^9']]],
    [{ '/MSH-9-1': 'ORU', '/MSH-9-2': 'R01' }, 'ADT^A04', ['AR', ['200'], ['MSH^1^9']]],
    [{ '/PID-3(0)-1': '' }, 'ADT^A04', ['AE', ['101'], ['PID^1^3']]],
    [
      { '/PID-3(0)-4-1': 'NOWHERE', '/PID-3(0)-4-2': '2.999.404' },
      'ADT^A04',
      ['AE', ['204'], ['PID^1^3']],
    ],
    [{ '/EVN-2': '' }, 'ADT^A04', ['AE', ['100'], ['EVN^1']]],
  ];

const inwardFeed: readonly InteropCase[] = [
  cell('ITI-8', 'inward', 'success', async (world) => {
    const [answer] = await feed(world, 'single', [aStranger()]);
    same([answer && said(answer), answer?.messageType], [TAKEN, 'ACK^A04'], 'the acknowledgement');
  }),
  cell('ITI-8', 'inward', 'refusal', async (world) => {
    const answers = await hapiAsks(world, {
      ...{ transaction: 'ITI-8', hapi: 'single', version: '2.3.1' },
      messages: REFUSED.map(([fields, event]) => {
        const message = feedOf(aStranger(), event);
        return { ...message, fields: { ...message.fields, ...fields } };
      }),
    });
    same(
      answers.map(said),
      REFUSED.map(([, , expected]) => expected),
      'the refusals',
    );
  }),
  cell('ITI-8', 'inward', 'fault', async (world) => {
    const [answer] = await hapiAsks(world, {
      ...{ transaction: 'ITI-8', hapi: 'single', version: '2.3.1', as: 'gateway' },
      messages: [feedOf(aStranger())],
    });
    same(answer && said(answer), ['AR', ['207'], ['MSH^1^3']], 'one who is not entitled');
  }),
  cell('ITI-8', 'inward', 'batched', async (world) => {
    await known(world, 6);
  }),
  cell('ITI-8', 'inward', 'split', async (world) => {
    const answers = await feed(world, 'split', [aStranger(), aStranger()]);
    same(answers.map(said), [TAKEN, TAKEN], 'the acknowledgements');
  }),
  ...(
    [
      ['Japanese', 'utf8'],
      ['ISO-2022-JP', 'iso2022jp'],
    ] as const
  ).map(([name, charset]) =>
    cell('ITI-8', 'inward', name, async (world) => {
      const stranger = aStranger();
      const [answer] = await feed(world, 'split', [stranger], charset);
      same(answer && said(answer), TAKEN, 'the acknowledgement');
      const [found] = await demographics(world, 'single', [byName(stranger)], charset);
      same(found?.persons, [`${stranger.family}^${stranger.given}`], 'the person');
      contains(found?.words ?? [], ['シケン', '試験町1-2-3', '松江市', '島根県'], 'our answer');
    }),
  ),
];

const pixFields = (id: string, wanted?: string): Fields => ({
  '/QPD-1': 'IHE PIX Query',
  '/QPD-2': freshControlId(),
  ...cx('/QPD-3', chartOf(id)),
  ...(wanted === undefined ? {} : domainAt('/QPD-4', wanted)),
  '/RCP-1': 'I',
});

const crossReference = (world: InteropWorld, hapi: HapiWay, queries: readonly Fields[]) =>
  hapiAsks(world, {
    ...{ transaction: 'ITI-9', hapi, version: '2.5' },
    messages: queries.map((fields) => ({ event: 'QBP^Q23', fields })),
  });

const status = (answer: V2Answer | undefined) => [
  answer && said(answer),
  answer?.queryResponseCode,
  answer?.ids?.length,
];
const FOUND = [TAKEN, 'OK', 1];

const inwardPixQuery: readonly InteropCase[] = [
  ...(['batched', 'split'] as const).map((name) =>
    cell('ITI-9', 'inward', name, async (world) => {
      const strangers = await known(world, 3);
      const queries = strangers.map(({ id }) => pixFields(id, PROOF.affinityDomain));
      const answers = await crossReference(world, name, queries);
      same(answers.map(status), [FOUND, FOUND, FOUND], 'the answers');
    }),
  ),
  cell('ITI-9', 'inward', 'success', async (world) => {
    const [stranger] = await known(world, 1);
    const [answer] = await crossReference(world, 'single', [pixFields(stranger?.id ?? '')]);
    same([answer?.messageType, answer?.queryResponseCode], ['RSP^K23', 'OK'], 'the answer');
  }),
  cell('ITI-9', 'inward', 'empty', async (world) => {
    const [stranger] = await known(world, 1);
    const fields = pixFields(stranger?.id ?? '', PROOF.chartNumbers);
    const [answer] = await crossReference(world, 'single', [fields]);
    same(status(answer), [TAKEN, 'NF', 0], 'the answer');
  }),
  cell('ITI-9', 'inward', 'refusal', async (world) => {
    const answers = await crossReference(world, 'single', [
      pixFields('nobody'),
      { ...pixFields('1'), '/QPD-3-4-1': 'NOWHERE', '/QPD-3-4-2': '2.999.404' },
      { ...pixFields('1'), '/QPD-2': '' },
      { ...pixFields('1'), '/RCP-1': 'D' },
    ]);
    same(
      answers.map((answer) => [...said(answer), answer.queryResponseCode]),
      [
        ['AE', ['204'], ['QPD^1^3^1^1'], 'AE'],
        ['AE', ['204'], ['QPD^1^3^1^4'], 'AE'],
        ['AE', ['101'], ['QPD^1^2'], 'AE'],
        ['AE', ['103'], ['RCP^1^1'], 'AE'],
      ],
      'the refusals',
    );
  }),
];

const demographics = (
  world: InteropWorld,
  hapi: HapiWay,
  queries: readonly Fields[],
  charset: V2Charset = 'utf8',
) =>
  hapiAsks(world, {
    ...{ transaction: 'ITI-21', hapi, version: '2.5', charset },
    messages: queries.map((fields) => ({ event: 'QBP^Q22', fields })),
  });

const inwardDemographics: readonly InteropCase[] = [
  ...(
    [
      ['success', 'single', 'utf8'],
      ['batched', 'batched', 'utf8'],
      ['split', 'split', 'utf8'],
      ['ISO-2022-JP', 'split', 'iso2022jp'],
    ] as const
  ).map(([name, hapi, charset]) =>
    cell('ITI-21', 'inward', name, async (world) => {
      const strangers = await known(world, 3);
      const queries = strangers.map((stranger) => byName(stranger));
      const answers = await demographics(world, hapi, queries, charset);
      same(
        answers.map(({ persons }) => persons),
        strangers.map(({ family, given }) => [`${family}^${given}`]),
        'the persons, in order',
      );
    }),
  ),
  cell('ITI-21', 'inward', 'empty', async (world) => {
    const [answer] = await demographics(world, 'single', [byName({ family: '無名' })]);
    same(status(answer), [TAKEN, 'NF', 0], 'the answer');
  }),
  cell('ITI-21', 'inward', 'refusal', async (world) => {
    const query = byName(aStranger());
    const answers = await demographics(world, 'single', [
      { ...query, ...domainAt('/QPD-8', '2.999.404') },
      { ...query, '/QPD-3(0)-1': '@PID.99' },
      { ...query, '/RCP-2-1': '0', '/RCP-2-2': 'RD' },
      { ...query, '/DSC-1': 'nowhere-2', '/DSC-2': 'I' },
    ]);
    same(
      answers.map((answer) => [...said(answer), answer.queryResponseCode]),
      [
        ['AE', ['204'], ['QPD^1^8^1'], 'AE'],
        ['AE', ['103'], ['QPD^1^3^1^1'], 'AE'],
        ['AE', ['102'], ['RCP^1^2^1^1'], 'AE'],
        ['AE', ['204'], ['DSC^1^1'], 'AE'],
      ],
      'the refusals',
    );
  }),
];

const pairOf = (one: Stranger, other: Stranger): Fields => ({
  '/EVN-2': '20250401093000',
  ...cx('/PID-3', chartOf(one.id)),
  '/PID-5-7': 'U',
  ...cx('/PID2-3', chartOf(other.id)),
  '/PID2-5-7': 'U',
});

const inwardManagement: readonly InteropCase[] = [
  cell('ITI-30', 'inward', 'success', async (world) => {
    const [one = aStranger(), other = aStranger()] = await known(world, 2);
    const fields = pairOf(one, other);
    const answers = await hapiAsks(world, {
      ...{ transaction: 'ITI-30', hapi: 'single', version: '2.5' },
      messages: [
        { event: 'ADT^A24', fields },
        { event: 'ADT^A37', fields },
      ],
    });
    same(
      answers.map((answer) => [said(answer), answer.messageType]),
      [
        [TAKEN, 'ACK^A24'],
        [TAKEN, 'ACK^A37'],
      ],
      'a link and a parting',
    );
  }),
  cell('ITI-30', 'inward', 'refusal', async (world) => {
    const [one = aStranger()] = await known(world, 1);
    const answers = await hapiAsks(world, {
      ...{ transaction: 'ITI-30', hapi: 'single', version: '2.5' },
      messages: [{ event: 'ADT^A24', fields: pairOf(one, { ...one, id: 'nobody' }) }],
    });
    same(
      answers.map(({ acknowledgement, details }) => [acknowledgement, details]),
      [['AE', ['204']]],
      'the refusal',
    );
  }),
];

const ACCEPTED: AcceptAcknowledgement = { code: 'CA', details: [] };

/** The feeds that we send HAPI: each by its transaction. */
type Sent = readonly [MllpTransaction<AdtFeed, AcceptAcknowledgement>, (id: string) => AdtFeed];

const notificationOf = (id: string): PatientRegistrationFeed => ({
  ...registrationOf({ ...aStranger(), id }),
  kind: 'revise',
  demographics: { names: [] },
});

const SENT: readonly Sent[] = [
  [
    ITI_8 as MllpTransaction<AdtFeed, AcceptAcknowledgement>,
    (id) => registrationOf({ ...aStranger(), id }),
  ],
  [ITI_10 as MllpTransaction<AdtFeed, AcceptAcknowledgement>, notificationOf],
];

const outward: readonly InteropCase[] = SENT.flatMap(([transaction, feedFor]) => {
  const send = async (
    world: InteropWorld,
    id: string,
    place: PeerPort = 'hapi-utf8',
    charset: V2Charset = 'utf8',
  ) => {
    const sent = await weSend(world, transaction, feedFor(id), { place, charset });
    contains(sent.read, sent.sent, 'the peer');
    return sent.response;
  };
  return [
    cell(transaction.id, 'outward', 'success', async (world) => {
      same(await send(world, aStranger().id), ACCEPTED, 'the acknowledgement');
    }),
    // A notification carries ids alone.
    ...(transaction.id === 'ITI-8'
      ? [
          cell(transaction.id, 'outward', 'Japanese', async (world) => {
            const feed = feedFor(aStranger().id);
            const sent = await weSend(world, transaction, feed, { place: 'hapi-utf8' });
            same(sent.sent.length > 0, true, 'whether it carries Japanese text');
            contains(sent.read, sent.sent, 'the peer');
          }),
        ]
      : []),
    cell(transaction.id, 'outward', 'refusal', async (world) => {
      const { code, details } = await send(world, 'REFUSE-1');
      same([code, details.map((one) => one.code)], ['CE', ['204']], 'the refusal as we read it');
    }),
    cell(transaction.id, 'outward', 'split', async (world) => {
      for (let count = 0; count < 3; count += 1) {
        const answer = await send(world, aStranger().id, 'hapi-split');
        same(answer, ACCEPTED, 'the acknowledgement, octet by octet');
      }
    }),
    cell(transaction.id, 'outward', 'ISO-2022-JP', async (world) => {
      const answer = await send(world, aStranger().id, 'hapi-iso2022jp', 'iso2022jp');
      same(answer, ACCEPTED, 'the acknowledgement');
    }),
  ];
});

const outwardManagement = cell('ITI-30', 'outward', 'success', async (world) => {
  const ids = [chartOf('1'), chartOf('2')] as const;
  const feeds: readonly AdtFeed[] = [
    registrationOf(aStranger()),
    { ...wrapped(), kind: 'link', ids },
    { ...wrapped(), kind: 'unlink', ids },
    { ...wrapped(), kind: 'change', current: ids[0], prior: ids[1] },
  ];
  for (const one of feeds) {
    const { response } = await weSend(world, ITI_30, one, { place: 'hapi-utf8' });
    same(response, ACCEPTED, `the acknowledgement of ${one.kind}`);
  }
});

const outwardManagementRefused = cell('ITI-30', 'outward', 'refusal', async (world) => {
  const { response } = await weSend(
    world,
    ITI_30,
    registrationOf({ ...aStranger(), id: 'REFUSE-1' }),
    { place: 'hapi-utf8' },
  );
  const { code, details } = response;
  same([code, details.map((one) => one.code)], ['CE', ['204']], 'the refusal as we read it');
});

/** HAPI HL7v2 alone, over MLLP and mutual TLS. */
export const hapiCases: readonly InteropCase[] = [
  ...inwardFeed,
  ...inwardPixQuery,
  ...inwardDemographics,
  ...inwardManagement,
  ...outward,
  outwardManagement,
  outwardManagementRefused,
];
