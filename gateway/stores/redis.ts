import { Redis } from 'ioredis';

/** A connection to Redis. */
export type RedisClient = Redis;

/** Redis is not there, or not set up so that it keeps what it is given. It stops the start. */
export class RedisUnfit extends Error {
  constructor(problem: string, cause?: unknown) {
    super(problem, cause === undefined ? undefined : { cause });
    this.name = 'RedisUnfit';
  }
}

export interface RedisConnectionOptions {
  /** `redis://` or `rediss://`, with user and password if need be. */
  readonly url: string;
  /** Hears every loss of the connection, for the log; it is rebuilt by itself. */
  readonly failed: (error: unknown) => void;
}

const CONNECT_TIMEOUT_MS = 5_000;
const LONGEST_PAUSE_MS = 5_000;

/**
 * A connection for those who add and ask: a command fails at once while Redis is away, so that nobody waits for a queue
 * that is not there.
 * @throws RedisUnfit
 */
export async function connectProducer(options: RedisConnectionOptions): Promise<RedisClient> {
  return await connect(options, { enableOfflineQueue: false, maxRetriesPerRequest: 1 });
}

/** A connection for those who take: a command waits until Redis is back.
 * @throws RedisUnfit */
export async function connectConsumer(options: RedisConnectionOptions): Promise<RedisClient> {
  return await connect(options, { maxRetriesPerRequest: null });
}

async function connect(
  { url, failed }: RedisConnectionOptions,
  kind: { readonly enableOfflineQueue?: boolean; readonly maxRetriesPerRequest: number | null },
): Promise<RedisClient> {
  const redis = new Redis(url, {
    ...kind,
    lazyConnect: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy: (times) => Math.min(100 * 2 ** Math.min(times, 10), LONGEST_PAUSE_MS),
  });
  redis.on('error', failed);
  try {
    await redis.connect();
  } catch (cause) {
    redis.disconnect();
    throw new RedisUnfit(`Redis cannot be reached at ${placeOf(url)}`, cause);
  }
  return redis;
}

/**
 * Refuses a Redis that would lose jobs: one that evicts keys when memory is short, or keeps nothing over a restart.
 * Where CONFIG is forbidden, as by some providers, INFO has to say it.
 * @throws RedisUnfit
 */
export async function requireKeepingRedis(redis: RedisClient): Promise<void> {
  const memory = await infoOf(redis, 'memory');
  const policy = (await settingOf(redis, 'maxmemory-policy')) ?? memory.get('maxmemory_policy');
  if (policy !== 'noeviction') {
    throw new RedisUnfit(
      `Redis has maxmemory-policy ${policy ?? 'unknown'}; it must be noeviction, or jobs are lost when memory is short`,
    );
  }
  const appends =
    (await settingOf(redis, 'appendonly')) === 'yes' ||
    (await infoOf(redis, 'persistence')).get('aof_enabled') === '1';
  const saves = ((await settingOf(redis, 'save')) ?? '') !== '';
  if (!appends && !saves) {
    throw new RedisUnfit(
      'Redis keeps nothing over a restart; set appendonly yes (or save), or jobs are lost with it',
    );
  }
}

/** The prefix of all keys of one installation of a community, so that several can share a Redis. */
export function redisPrefixOf(homeCommunityId: string, installation = 'kakehashi'): string {
  return `${installation}:{${homeCommunityId.replaceAll(':', '.')}}`;
}

/** One setting, or undefined where CONFIG is forbidden. */
async function settingOf(redis: RedisClient, name: string): Promise<string | undefined> {
  try {
    const answer = await redis.config('GET', name);
    return Array.isArray(answer) && typeof answer[1] === 'string' ? answer[1] : undefined;
  } catch (error) {
    // What Redis itself refuses is an answer; a lost connection is not.
    if ((error as { name?: unknown }).name === 'ReplyError') return undefined;
    throw error;
  }
}

async function infoOf(redis: RedisClient, section: string): Promise<ReadonlyMap<string, string>> {
  const lines = (await redis.info(section)).split('\r\n').filter((line) => line.includes(':'));
  return new Map(
    lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]),
  );
}

/** The URL without user and password. */
function placeOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'an address that is no URL';
}
