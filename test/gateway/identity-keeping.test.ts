import { PeerFailure, type World } from '../../actors/actor.ts';
import type { Matcher } from '../../actors/patient-identity/matcher.ts';
import { ruleMatcher } from '../../actors/patient-identity/matching/rule-matcher.ts';
import { IdentityKeeping } from '../../gateway/identity-keeping.ts';
import type { PatientId } from '../../profiles/patient.ts';
import { AnIdentityActor, AUTHORITY } from '../support/an-identity-actor.ts';
import { aCaller } from '../support/world-of-actors.ts';

const atHospital: PatientId = { id: 'H1', assigningAuthority: AUTHORITY.hospital };
const atClinic: PatientId = { id: 'C1', assigningAuthority: AUTHORITY.clinic };
const BLIND: Matcher = {
  version: 'blind-1',
  keysOf: () => [],
  decide: () => ({ outcome: 'APART', score: 0, why: [] }),
};

describe('The rounds of Patient Identity', () => {
  let actor: AnIdentityActor;
  let keeping: IdentityKeeping;
  let recorded: string[];
  let warned: { event?: string; peer?: string; attempts?: number }[];

  const keep = (matcher: Matcher) => {
    const seen = actor.world.seenBy(aCaller({ kinds: ['own'] }));
    const world: World = {
      ...seen,
      ask: async (transaction, destination, request, options) => {
        if (typeof destination !== 'string') {
          throw new PeerFailure('transient', 'away', { peer: 'consumer' });
        }
        return await seen.ask(transaction, destination, request, options);
      },
    };
    warned = [];
    recorded = [];
    const log = { warn: (line: object) => void warned.push(line), error: () => {} };
    const domains = [AUTHORITY.hospital, AUTHORITY.clinic];
    keeping = new IdentityKeeping({
      stores: {
        identities: actor.identities,
        community: actor.community,
        matcher,
        subscriptions: [{ consumer: 'consumer', domains, wire: 'ITI-10' }],
      },
      world,
      trail: { check: async () => {}, append: async (messages) => void recorded.push(...messages) },
      recorder: { auditSourceId: '2.999.1', pid: 1, host: 'here' },
      log: log as never,
    });
    keeping.start();
  };

  beforeEach(async () => {
    actor = await AnIdentityActor.open(BLIND);
    await actor.feed(atHospital);
    await actor.feed(atClinic);
  });

  afterEach(async () => {
    await keeping.stop();
    await actor.close();
  });

  it('match anew what the present rules have not compared, and have the registry follow', async () => {
    keep(ruleMatcher());
    await keeping.round();
    const together = await actor.regionalIdOf(atHospital);
    expect(await actor.regionalIdOf(atClinic)).toBe(together);
    const open = await actor.identities.look((records) => records.registryTasks('open', 10));
    expect(open).toEqual([]);
  });

  it('leave a list of whom a person has to look at; that it was shown is recorded with everybody in it', async () => {
    await actor.feed({ id: 'H2', assigningAuthority: AUTHORITY.hospital });
    keep(ruleMatcher());
    await keeping.round();
    const shown = await keeping.commands['patient.reviews']?.({ by: '担当 一郎' });
    const { reviews } = shown as { reviews: readonly { readonly ids: readonly PatientId[][] }[] };
    const ids = reviews.flatMap((review) => review.ids.flat());
    expect(ids).toContainEqual({ id: 'H2', assigningAuthority: AUTHORITY.hospital });
    for (const { id, assigningAuthority } of ids) {
      expect(recorded.at(-1)).toContain(`"${id}^^^&amp;${assigningAuthority}&amp;ISO"`);
    }
  });

  it('warn of a consumer that has refused ten times, and show it from then on as refusing', async () => {
    keep(ruleMatcher());
    const queue = async () => await keeping.commands['patient.consumers']?.({});
    for (let round = 1; round < 10; round += 1) {
      await keeping.round();
      actor.world.now = new Date(actor.world.now.getTime() + 600_000);
    }
    expect(warned).toEqual([]);
    expect(await queue()).toMatchObject([{ attempts: 9, waiting: 1, isRefusing: false }]);
    await keeping.round();
    expect(warned).toEqual([{ event: 'consumer-refuses', peer: 'consumer', attempts: 10 }]);
    expect(await queue()).toMatchObject([{ consumer: 'consumer', isRefusing: true }]);
  });
});
