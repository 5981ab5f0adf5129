import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { type Ask, PeerFailure, type World } from '../actors/actor.ts';
import { documentRegistry } from '../actors/document-registry/index.ts';
import { patientIdentity } from '../actors/patient-identity/index.ts';
import { ActorsHere } from './actors-here.ts';
import type { Config } from './config.ts';
import { identityStoresOf } from './identity-here.ts';
import type { IdentityOperation } from './identity-operation.ts';
import { SILENT_LOG } from './log.ts';
import { codesOf, communityOf, ownCaller } from './ourselves.ts';
import { Partners } from './partners.ts';
import { attendInside } from './safeguards/attend.ts';
import { AuditTrail } from './safeguards/audit-trail.ts';
import { openDatabase } from './stores/database.ts';
import { SqlRegistryStore } from './stores/sql-registry-store.ts';

/**
 * Patient Identity of a region of which no process runs, for as long as the work takes: with its database, its audit trail and
 * its registry, where that is the same process's. What else would be asked is away; the process does it when it starts.
 *
 * @throws DatabaseInUse where another process holds the database; whatever keeps a process from starting
 */
export async function withIdentityOffline<Result>(
  config: Config,
  work: (importing: IdentityOperation) => Promise<Result>,
): Promise<Result> {
  const now = () => new Date();
  const database = await openDatabase({ ...config.database, now });
  const closing: (() => Promise<void>)[] = [() => database.close()];
  try {
    const recorder = { auditSourceId: config.device, pid: process.pid, host: hostname() };
    // A chain of its own: with PostgreSQL the process may be started meanwhile, and goes on with its own.
    const trail = await AuditTrail.open({
      directory: config.audit.directory,
      node: `${config.audit.node}.offline`,
      auditSourceId: config.device,
      now,
      pid: process.pid,
    });
    closing.push(() => trail.close());
    const partners = await Partners.start({
      config,
      now,
      log: SILENT_LOG,
      rejected: () => {},
      changed: () => {},
    });
    closing.push(async () => partners.stop());
    const community = communityOf(config);
    const stores = await identityStoresOf(config, { database, partners });
    const here = new ActorsHere();
    here.add(patientIdentity, stores);
    if (config.actors.includes('document-registry')) {
      here.add(documentRegistry, {
        registry: new SqlRegistryStore(database),
        community,
        affinityDomain: codesOf(config),
        limits: { leafClass: config.limits.results, objectRef: config.limits.results * 10 },
      });
    }
    const world: World = {
      ask: askWithin(here, () => world),
      caller: ownCaller(config.name),
      now,
      uuid: randomUUID,
    };
    return await work({ stores, world, trail, recorder });
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

/** Asks the actors that are here; all others are away. */
function askWithin(here: ActorsHere, world: () => World): Ask {
  return async (transaction, destination, request) => {
    const inside =
      typeof destination === 'string' ? here.byTransaction(destination, transaction.id) : undefined;
    if (!inside) {
      const peer = typeof destination === 'string' ? destination : 'a partner';
      throw new PeerFailure('transient', 'no process runs', { peer });
    }
    return (await attendInside({ ...inside, request, world: world() })) as never;
  };
}
