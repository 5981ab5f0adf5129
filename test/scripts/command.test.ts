import {
  argumentName,
  command,
  type Desk,
  EXIT,
  flagOf,
  many,
  option,
  required,
  requireYes,
  UsageError,
} from '../../scripts/command.ts';

const HELP = { en: 'help', ja: '説明' };

const NO_DESK: Desk = {
  language: 'en',
  json: false,
  rest: [],
  say: (text) => (typeof text === 'string' ? text : text.en),
  print: () => undefined,
  progress: async (_text, work) => work(() => undefined),
  now: () => new Date(0),
  stop: new AbortController().signal,
};

async function valuesOf<Table extends Parameters<typeof command>[0]['options']>(
  options: Table & object,
  raw: object,
): Promise<unknown> {
  let seen: unknown;
  const probe = command({
    name: 'probe',
    summary: HELP,
    options: options as Record<string, ReturnType<typeof option.flag>>,
    async run(values) {
      seen = values;
      return EXIT.done;
    },
  });
  await probe.run(raw as Record<string, string>, NO_DESK);
  return seen;
}

describe('An option', () => {
  it('is written with dashes', () => {
    expect(flagOf('validityDays')).toBe('--validity-days');
    expect(argumentName('certificateFile')).toBe('CERTIFICATE-FILE');
  });

  it('has its default when it is not given', async () => {
    const options = {
      days: option.integer(HELP, { least: 1, most: 10 }, 7),
      kind: option.oneOf(['a', 'b'], HELP, 'b'),
      force: option.flag(HELP),
      name: option.text(HELP),
    };

    expect(await valuesOf(options, {})).toEqual({
      days: 7,
      kind: 'b',
      force: false,
      name: undefined,
    });
  });

  it.each(['0', '11', '1.5', 'x', '1e1', ''])(
    'refuses %p for a number from 1 to 10',
    async (raw) => {
      const options = { days: option.integer(HELP, { least: 1, most: 10 }) };

      await expect(valuesOf(options, { days: raw })).rejects.toThrow(
        '--days must be a whole number from 1 to 10',
      );
    },
  );

  it('takes OIDs, URNs and URLs that are such', async () => {
    const options = {
      oid: option.oid(HELP),
      community: option.homeCommunityId(HELP),
      url: option.url(HELP),
    };
    const sound = { oid: '2.999.1', community: 'urn:oid:2.999.1', url: 'https://a.example/b' };

    expect(await valuesOf(options, sound)).toEqual(sound);
    await expect(valuesOf(options, { oid: '2.999.01' })).rejects.toThrow(UsageError);
    await expect(valuesOf(options, { community: '2.999.1' })).rejects.toThrow(UsageError);
    await expect(valuesOf(options, { url: 'http://a.example' })).rejects.toThrow(UsageError);
  });

  it('that may be given several times is a list', async () => {
    const options = { authority: many(option.oid(HELP)) };

    expect(await valuesOf(options, { authority: ['2.999.1', '2.999.2'] })).toEqual({
      authority: ['2.999.1', '2.999.2'],
    });
    expect(await valuesOf(options, {})).toEqual({ authority: [] });
  });

  it('that is required is asked for', async () => {
    await expect(valuesOf({ name: required(option.text(HELP)) }, {})).rejects.toThrow(
      '--name is needed',
    );
    await expect(valuesOf({ file: required(many(option.file(HELP))) }, {})).rejects.toThrow(
      '--file is needed',
    );
  });
});

describe('What cannot be undone', () => {
  it('says what it would do, and asks for --yes', () => {
    const would = { en: 'would revoke a.pem', ja: 'a.pem を失効させます' };

    expect(() => requireYes(false, would)).toThrow('would revoke a.pem');
    expect(() => requireYes(true, would)).not.toThrow();
  });
});
