import type { Actor, Ask } from '../actors/actor.ts';
import { patientIdentity, wideAreaIdService } from '../actors/patient-identity/index.ts';
import type { PatientIdentityStores } from '../actors/patient-identity/stores.ts';
import type { Config } from './config.ts';
import type { ControlCommands } from './control.ts';
import { IdentityKeeping } from './identity-keeping.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import { MisfiledDocuments } from './misfiled-documents.ts';
import { communityOf, ownCaller } from './ourselves.ts';
import type { Partners } from './partners.ts';
import type { Recorder } from './safeguards/audit.ts';
import type { AuditTrail } from './safeguards/audit-trail.ts';
import type { Database } from './stores/database.ts';
import { SqlIdentityStore } from './stores/sql-identity-store.ts';
import { WideAreaFeed } from './wide-area-feed.ts';
import { identityLevelOf } from './wide-area-service.ts';

/** What Patient Identity of a process is made of. */
export interface IdentitySurroundings {
  readonly config: Config;
  readonly database: Database;
  readonly partners: Pick<Partners, 'subscriptions'>;
  /** As the process itself asks. */
  readonly ask: Ask;
  readonly trail: AuditTrail;
  readonly recorder: Recorder;
  readonly now: () => Date;
  readonly uuid: () => string;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Patient Identity with what goes on in it beside the messages. */
export interface IdentityHere {
  readonly actor: Actor<PatientIdentityStores>;
  readonly stores: PatientIdentityStores;
  readonly commands: ControlCommands;
  /** Begins the rounds, once everything runs. */
  start(): void;
  /** Waits for what is under way. */
  stop(): Promise<void>;
}

/**
 * What Patient Identity works with, as the settings say; subscriptions are those of the directory as it was last read.
 *
 * @throws KeyFileRefused for a key that others may read, or that is too short
 */
export async function identityStoresOf(
  config: Config,
  { database, partners }: Pick<IdentitySurroundings, 'database' | 'partners'>,
): Promise<PatientIdentityStores> {
  return {
    identities: new SqlIdentityStore(database),
    community: communityOf(config),
    ...(await identityLevelOf(config)),
    ...aboveOf(config),
    get subscriptions() {
      return partners.subscriptions();
    },
  };
}

/** Whom a region's Patient Identity tells of changes beside those who are subscribed. */
export function aboveOf({
  actors,
  destinations,
  identity: { level },
  wideArea: { service, feed, device, insuranceDomain },
}: Pick<Config, 'actors' | 'destinations' | 'identity' | 'wideArea'>): Pick<
  PatientIdentityStores,
  'above' | 'hasInitiatingGateway'
> {
  if (level !== 'region') return {};
  const isElsewhere = destinations['initiating-gateway'] !== 'here';
  return {
    hasInitiatingGateway: isElsewhere || actors.includes('initiating-gateway'),
    ...(feed && service !== undefined
      ? {
          above: {
            service,
            ...(device === undefined ? {} : { device }),
            ...(insuranceDomain === undefined ? {} : { insuranceDomain }),
          },
        }
      : {}),
  };
}

/** @throws KeyFileRefused */
export async function identityHere(surroundings: IdentitySurroundings): Promise<IdentityHere> {
  const { config, database, ask, trail, recorder, now, uuid, log, metrics } = surroundings;
  const stores = await identityStoresOf(config, surroundings);
  const world = { ask, caller: ownCaller(config.name), now, uuid };
  const options = { stores, world, trail, recorder, log };
  const keeping = new IdentityKeeping(options);
  const feed = new WideAreaFeed(options);
  const misfiled = new MisfiledDocuments({
    ...{ database, operation: options },
    identities: stores.identities,
  });
  metrics.watchNotifications(() => keeping.queues());
  if (stores.above) metrics.watchWideAreaFeed(async () => await feed.state());
  return {
    actor: stores.wideArea ? wideAreaIdService : patientIdentity,
    stores,
    commands: {
      ...keeping.commands,
      ...feed.commands,
      ...misfiled.commands,
      'patient.consumers': async () => {
        const fed = await feed.state();
        return [...(await keeping.queues()), ...(fed === undefined ? [] : [fed])];
      },
    },
    start() {
      keeping.start();
      feed.start();
    },
    async stop() {
      await Promise.all([keeping.stop(), feed.stop()]);
    },
  };
}
