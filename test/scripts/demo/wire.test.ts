import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AuditTrail } from '../../../gateway/safeguards/audit-trail.ts';
import { encodeAuditMessage } from '../../../profiles/atna/audit-message.ts';
import { Wire, wireText } from '../../../scripts/demo/wire.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kakehashi-wire-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const REGIONS = ['shimane', 'okayama', 'kagawa'] as const;
type RegionName = (typeof REGIONS)[number];

function communityOf(name: string): string {
  return `urn:oid:2.999.${REGIONS.indexOf(name as RegionName) + 1}`;
}

function wire(): Wire {
  return new Wire(
    REGIONS.map((name) => ({
      name,
      homeCommunityId: communityOf(name),
      folder: join(folder, name),
    })),
  );
}

interface Recorded {
  readonly by: RegionName;
  readonly side: 'asker' | 'answerer';
  readonly from: string;
  readonly to: RegionName;
  readonly messageId: string;
  readonly outcome?: 0 | 4 | 8;
}

/** One record of an ITI-55, as the gateway of that end writes it. */
function messageOf({ side, from, to, messageId, outcome = 0 }: Recorded): string {
  const isAsker = side === 'asker';
  return encodeAuditMessage({
    kind: 'transaction',
    at: new Date('2030-01-01T00:00:00Z'),
    auditSourceId: '2.999.1',
    id: 'ITI-55',
    name: 'Cross Gateway Patient Discovery',
    event: 'Query',
    action: 'E',
    outcome,
    source: {
      userId: 'anonymous',
      isRequestor: true,
      ...(isAsker ? { alternativeUserId: '1' } : { userName: from }),
    },
    destination: {
      userId: `https://127.0.0.1:1/responding-gateway`,
      isRequestor: false,
      ...(isAsker ? { userName: communityOf(to) } : { alternativeUserId: '2' }),
    },
    objects: [{ kind: 'query', id: 'q', text: '<q/>' }],
    details: [{ type: 'MessageID', value: messageId }],
  });
}

async function record(...records: readonly Recorded[]): Promise<void> {
  for (const name of REGIONS) {
    const own = records.filter(({ by }) => by === name);
    let tick = Date.UTC(2030, 0, 1);
    const trail = await AuditTrail.open({
      directory: join(folder, name, 'var/audit'),
      node: name,
      auditSourceId: '2.999.1',
      now: () => {
        tick += 1_000;
        return new Date(tick);
      },
      pid: 1,
    });
    await trail.append(own.map(messageOf));
    await trail.close();
  }
}

const SHARED = { from: 'shimane', to: 'okayama', messageId: 'urn:uuid:1' } as const;

describe('What went over the wire', () => {
  it('is what both ends have recorded of one message, told once', async () => {
    await record(
      { ...SHARED, by: 'shimane', side: 'asker' },
      { ...SHARED, by: 'okayama', side: 'answerer' },
    );

    const lines = await wire().since();

    expect(lines.map((line) => wireText(line).en)).toEqual([
      'ITI-55 shimane -> okayama/responding-gateway ×1 (success, recorded by both)',
    ]);
    expect(lines.map((line) => wireText(line).ja)).toEqual([
      'ITI-55 shimane -> okayama/responding-gateway ×1（成功、双方に記録）',
    ]);
  });

  it('tells of a region that did not answer what the asker alone has recorded', async () => {
    await record({
      ...{ from: 'shimane', to: 'kagawa', messageId: 'urn:uuid:2' },
      ...{ by: 'shimane', side: 'asker', outcome: 8 },
    });

    const [line] = await wire().since();

    expect(line && wireText(line).en).toBe(
      'ITI-55 shimane -> kagawa/responding-gateway ×1 (failed)',
    );
  });

  it('counts messages of the same kind between the same two', async () => {
    await record(
      ...['urn:uuid:3', 'urn:uuid:4'].map((messageId): Recorded => {
        return { ...SHARED, messageId, by: 'okayama', side: 'answerer' };
      }),
    );

    const [line] = await wire().since();

    expect(line).toMatchObject({ count: 2, byBoth: false, from: 'shimane' });
  });

  it('is told once: the next step begins where the last one ended', async () => {
    await record({ ...SHARED, by: 'okayama', side: 'answerer' });
    const observed = wire();

    expect(await observed.since()).toHaveLength(1);
    expect(await observed.since()).toEqual([]);
  });
});
