import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ActorName, Ask, Caller, Community } from '../actors/actor.ts';
import { documentRegistry } from '../actors/document-registry/index.ts';
import { documentRepository } from '../actors/document-repository/index.ts';
import { initiatingGateway } from '../actors/initiating-gateway/index.ts';
import { respondingGateway } from '../actors/responding-gateway/index.ts';
import { ActorsHere } from './actors-here.ts';
import { CallbackAnswers, type Grounds } from './callback-answers.ts';
import type { Config } from './config.ts';
import { type ControlCommands, ControlSocket, requireNothingRuns } from './control.ts';
import { discoveryOf } from './discovery-policy.ts';
import { DocumentKeeping, DocumentRounds } from './document-keeping.ts';
import { type IdentityHere, identityHere } from './identity-here.ts';
import { exchangeHere } from './exchange-here.ts';
import { answerMessage, type PipelineHouse } from './inbound/pipeline.ts';
import { SoapListener } from './inbound/soap-listener.ts';
import { takeAnswer } from './inbound/take-answer.ts';
import { OperationsListener, type ReadinessCheck, webHandler } from './inbound/web.ts';
import { WsdlLibrary } from './inbound/wsdl.ts';
import type { Log } from './log.ts';
import { depthsOf, Metrics } from './metrics.ts';
import { MllpListeners } from './mllp-listeners.ts';
import { claimNode } from './node-here.ts';
import type { Exchange, Releases } from './outbound/exchange.ts';
import { codesOf, communityOf, ownCaller } from './ourselves.ts';
import { Partners } from './partners.ts';
import { ExpectedAnswers } from './queue/expected-answers.ts';
import { type Retrievals, startRetrievals } from './retrievals.ts';
import { alertOf, type Recorder, recordOf } from './safeguards/audit.ts';
import type { AuditTrail } from './safeguards/audit-trail.ts';
import { networkAgreement } from './safeguards/consent.ts';
import { type Database, openDatabase } from './stores/database.ts';
import { FileDocumentStore } from './stores/file-document-store.ts';
import { SqlRegistryStore } from './stores/sql-registry-store.ts';
import { timeOrderedUuid } from './time-ordered-uuid.ts';
import { startTrail } from './trail-here.ts';

/** What a test may bring besides the config. */
export interface GatewayOptions {
  readonly log: Log;
  readonly now?: () => Date;
  readonly uuid?: () => string;
}

/** The running process: composition, start and stop in order. */
export class Gateway {
  readonly #config: Config;
  readonly #log: Log;
  readonly #now: () => Date;
  readonly #uuid: () => string;
  readonly #metrics = new Metrics();
  readonly #here = new ActorsHere();
  readonly #expected = new ExpectedAnswers();
  readonly #closing: (() => Promise<void>)[] = [];
  readonly #afterStart: (() => Promise<void>)[] = [];
  /** What must be well beside what every process checks. */
  readonly #checks: ReadinessCheck[] = [];
  /** What operators may ask, beside what every process is asked. */
  #commands: ControlCommands = {};
  #partners: Partners | undefined;
  #listener: SoapListener | undefined;
  readonly #mllp: MllpListeners;
  #operations: OperationsListener | undefined;

  private constructor(config: Config, options: GatewayOptions) {
    this.#config = config;
    this.#log = options.log;
    this.#mllp = new MllpListeners({ config, log: options.log, metrics: this.#metrics });
    this.#now = options.now ?? (() => new Date());
    this.#uuid = options.uuid ?? timeOrderedUuid(this.#now);
  }

  /**
   * Starts everything in order, and stops in reverse what had begun when something refuses.
   * @throws whatever keeps it from starting
   */
  static async start(config: Config, options: GatewayOptions): Promise<Gateway> {
    const gateway = new Gateway(config, options);
    try {
      await gateway.#start();
    } catch (error) {
      await gateway.stop(0);
      throw error;
    }
    return gateway;
  }

  /** `https://host:port` of the SOAP listener. */
  get url(): string {
    return this.#listener?.url ?? '';
  }

  /** Where an actor takes HL7 v2: `mllps://host:port`, or `mllp://` on the loopback; undefined where it does not. */
  mllpUrl(actor: ActorName, scheme: 'mllps' | 'mllp' = 'mllps'): string | undefined {
    return this.#mllp.url(actor, scheme);
  }

  get operationsUrl(): string {
    return this.#operations?.url ?? '';
  }

  /** Reads certificates, CRLs and directory again; sockets of peers that are no longer valid are destroyed. */
  async reload(): Promise<void> {
    await this.#partners?.reload();
  }

  /**
   * Stops what began last first; requests under way may take `graceMs` to end. What cannot be closed in order, such as an
   * audit trail that has failed, is logged and does not keep the rest open.
   */
  async stop(graceMs: number): Promise<void> {
    await this.#operations?.stop();
    await Promise.all([this.#listener?.stop(graceMs), this.#mllp.stop(graceMs)]);
    for (const close of this.#closing.reverse()) {
      try {
        await close();
      } catch (error) {
        this.#log.error({ event: 'not-closed' }, error);
      }
    }
    this.#closing.length = 0;
  }

  async #start(): Promise<void> {
    const config = this.#config;
    const database = await openDatabase({ ...config.database, now: this.#now });
    this.#closing.push(() => database.close());
    await requireNothingRuns(config.folder);
    // Before anything is touched that the database or the spool keeps under its name.
    const node = await claimNode(config, this.#log);
    this.#closing.push(node.release);
    this.#checks.push(...node.checks);
    // Processes may share a spool, and each takes its own requests; what an unfinished one left behind belongs to nobody.
    const spoolDirectory = join(config.spool.directory, 'requests', config.audit.node);
    await rm(spoolDirectory, { recursive: true, force: true });
    await mkdir(spoolDirectory, { recursive: true, mode: 0o700 });
    const { trail, recorder, endings } = await startTrail(config, this.#now);
    this.#closing.push(...[...endings].reverse());

    const partners = await this.#startPartners(trail, recorder);
    const exchange = this.#exchange(partners, { trail, recorder, spoolDirectory });
    const retrievals = await this.#startActors(exchange, {
      database,
      spoolDirectory,
      partners,
      trail,
      recorder,
    });
    await this.#listen(exchange, { partners, trail, recorder, spoolDirectory, database });
    await this.#operate(trail, database, retrievals);
    for (const work of this.#afterStart) {
      work().catch((error: unknown) => this.#log.error({ event: 'after-start-failed' }, error));
    }
    this.#log.info({ event: 'started', url: this.url });
  }

  async #startPartners(trail: AuditTrail, recorder: Recorder): Promise<Partners> {
    const partners = await Partners.start({
      config: this.#config,
      now: this.#now,
      log: this.#log,
      rejected: (rejection) => {
        this.#metrics.rejection(rejection.kind);
        const alert = alertOf({ at: this.#now(), ...rejection, endpoint: this.url }, recorder);
        trail
          .append([alert])
          .catch((error: unknown) => this.#log.error({ event: 'trail-down' }, error));
      },
      changed: () => {
        this.#listener?.reload();
        this.#mllp.reload();
      },
    });
    this.#partners = partners;
    this.#closing.push(() => partners.stop());
    return partners;
  }

  #exchange(
    partners: Partners,
    rest: { trail: AuditTrail; recorder: Recorder; spoolDirectory: string },
  ): Exchange {
    const { exchange, close } = exchangeHere({
      ...rest,
      partners,
      config: this.#config,
      here: this.#here,
      expected: this.#expected,
      now: this.#now,
      uuid: this.#uuid,
      log: this.#log,
      metrics: this.#metrics,
    });
    this.#closing.push(async () => close());
    return exchange;
  }

  async #startActors(
    exchange: Exchange,
    {
      database,
      spoolDirectory,
      partners,
      trail,
      recorder,
    }: {
      database: Database;
      spoolDirectory: string;
      partners: Partners;
      trail: AuditTrail;
      recorder: Recorder;
    },
  ): Promise<Retrievals> {
    const config = this.#config;
    const community = communityOf(config);
    const identity = config.actors.includes('patient-identity')
      ? await identityHere({
          ...{ config, database, partners, trail, recorder },
          ...{ now: this.#now, uuid: this.#uuid, log: this.#log, metrics: this.#metrics },
          ask: this.#askAs(exchange, config.name, []),
        })
      : undefined;
    const discovery = discoveryOf({ config, partners, database, now: this.#now });
    const retrievals = await startRetrievals({
      config,
      database,
      askFor: (organization, releases) => this.#askAs(exchange, organization, releases),
      now: this.#now,
      log: this.#log,
    });
    this.#closing.push(() => retrievals.stop(1_000));
    const isAlone = config.database.kind === 'sqlite';
    const { directory } = config.documents;
    const documents = new FileDocumentStore({
      ...{ directory, spoolDirectory, database, isAlone },
      now: this.#now,
    });
    // Every process is asked for copies of its database, whatever its actors keep in it.
    const keeping = new DocumentKeeping({ documents, database, now: this.#now });
    this.#commands = { ...this.#commands, ...keeping.commands };
    const add: Record<ActorName, () => void> = {
      'patient-identity': () => identity && this.#addPatientIdentity(identity),
      'document-registry': () =>
        this.#here.add(documentRegistry, {
          registry: new SqlRegistryStore(database),
          community,
          affinityDomain: codesOf(config),
          limits: { leafClass: config.limits.results, objectRef: config.limits.results * 10 },
        }),
      'document-repository': () => this.#addDocumentRepository(documents, { community, exchange }),
      'initiating-gateway': () =>
        this.#here.add(initiatingGateway, {
          community,
          ...discovery.asking,
          retrievals: retrievals.queue,
          fanOutDeadlineMs: config.fanOut.deadlineMs,
          retrievalDeadlineMs: config.retrieval.deadlineMs,
          retrievalLongestMs: config.retrieval.longestMs,
        }),
      'responding-gateway': () =>
        this.#here.add(respondingGateway, { community, ...discovery.answering }),
    };
    for (const actor of config.actors) add[actor]();
    return retrievals;
  }

  /** Also asks the registry, again and again, about documents of which nobody knows whether they were registered. */
  #addDocumentRepository(
    documents: FileDocumentStore,
    { community, exchange }: { community: Community; exchange: Exchange },
  ): void {
    const stores = { documents, community };
    this.#here.add(documentRepository, stores);
    const rounds = new DocumentRounds({
      stores,
      documents,
      world: { ask: this.#askAs(exchange, this.#config.name, []), now: this.#now },
      log: this.#log,
      alone: this.#config.database.kind === 'sqlite',
    });
    this.#commands = { ...this.#commands, ...rounds.commands };
    this.#closing.push(() => rounds.stop());
    this.#afterStart.push(async () => rounds.start());
  }

  /** Also tells whoever is to be told, and has the registry do what a crash has kept from it, once everything runs. */
  #addPatientIdentity({ actor, stores, commands, start, stop }: IdentityHere): void {
    this.#here.add(actor, stores);
    this.#commands = { ...this.#commands, ...commands };
    this.#closing.push(stop);
    this.#afterStart.push(async () => start());
  }

  /** The ask of a queued retrieval: the organisation that asked has gone, its name goes with the request. */
  #askAs(exchange: Exchange, organization: string, releases: Releases): Ask {
    return exchange.askFor(ownCaller(organization), releases);
  }

  async #listen(exchange: Exchange, grounds: Grounds): Promise<void> {
    const { partners, trail, recorder, spoolDirectory } = grounds;
    const { limits, listen } = this.#config;
    const callbacks = this.#callbacks(grounds);
    const wsdl = new WsdlLibrary(this.#here.overSoap);
    await wsdl.checkAtStart();
    const house: PipelineHouse = {
      now: this.#now,
      uuid: this.#uuid,
      answerTo: (actor, action) => this.#here.byAction(actor, action),
      askFor: (caller: Caller, releases: Releases) => exchange.askFor(caller, releases),
      consent: networkAgreement,
      validation: await wsdl.validation(this.#config.validation.requests),
      record: (record) => trail.append(recordOf(record, recorder)),
      alert: ({ name, address }, reason, endpoint) =>
        trail.append([
          alertOf({ at: this.#now(), reason, peer: { name, address }, endpoint }, recorder),
        ]),
      trailWritable: () => trail.check(),
      accept: (request) => callbacks.accept(request),
      spoolDirectory,
      limits,
      log: this.#log,
      metrics: this.#metrics,
    };
    this.#listener = new SoapListener({
      host: listen.soap.host,
      port: listen.soap.port,
      publicUrl: listen.soap.publicUrl,
      authentication: partners,
      actors: this.#here.names,
      answer: (incoming) => answerMessage(incoming, house),
      takeAnswer: (incoming) => takeAnswer(incoming, { ...house, expected: this.#expected }),
      alert: house.alert,
      web: webHandler({ wsdl, actors: this.#here.names }),
      pace: limits,
      log: this.#log,
    });
    await callbacks.start((incoming) => answerMessage(incoming, house));
    await this.#listener.start();
    await this.#mllp.start(house, { here: this.#here, partners });
  }

  #callbacks(grounds: Grounds): CallbackAnswers {
    const [log, now, metrics] = [this.#log, this.#now, this.#metrics];
    const callbacks = new CallbackAnswers({ ...grounds, config: this.#config, now, log, metrics });
    this.#closing.push(() => callbacks.stop(1_000));
    this.#commands = { ...this.#commands, ...callbacks.commands };
    return callbacks;
  }

  async #operate(trail: AuditTrail, database: Database, retrievals: Retrievals): Promise<void> {
    const { folder, listen } = this.#config;
    const none = { waiting: 0, running: 0, failed: 0 };
    this.#metrics.watchQueue(async () => ({ ...none, ...depthsOf(await retrievals.queue.list()) }));
    this.#operations = new OperationsListener({
      host: listen.operations.host,
      port: listen.operations.port,
      metrics: this.#metrics,
      checks: [
        { name: 'trail', check: () => trail.check() },
        { name: 'database', check: () => database.read(async () => undefined) },
        { name: 'certificates', check: async () => await this.#partners?.requireCurrent() },
        ...this.#checks,
      ],
      failed: (name, cause) => this.#log.warn({ event: 'not-ready', reason: name }, cause),
    });
    await this.#operations.start();
    const control = new ControlSocket(folder, {
      ...this.#commands,
      'queue.ls': async () => await retrievals.queue.list(),
      reload: async () => {
        await this.reload();
        return { reloaded: true };
      },
    });
    await control.start();
    this.#closing.push(() => control.stop());
  }
}
