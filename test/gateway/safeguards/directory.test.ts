import {
  DirectoryFaults,
  emptyDirectory,
  MAX_ENTRIES,
  readDirectory,
} from '../../../gateway/safeguards/directory.ts';

const ISSUER = 'CN=Trial CA,O=Trial,C=JP';

function aGateway(more: Record<string, unknown> = {}) {
  return {
    name: 'kagawa',
    kind: 'gateway',
    homeCommunityIds: ['urn:oid:2.999.392.3'],
    certificate: { issuer: ISSUER, serialNumber: '3790000001' },
    endpoints: { 'ITI-38': 'https://kagawa.example.invalid/responding-gateway' },
    transactions: ['ITI-38', 'ITI-39', 'ITI-55'],
    ...more,
  };
}

function aSystem(more: Record<string, unknown> = {}) {
  return {
    name: 'matsue-hospital',
    kind: 'system',
    institution: '3210000001',
    certificate: { issuer: ISSUER, serialNumber: '3210000001' },
    assigningAuthorities: ['2.999.1.1'],
    transactions: ['ITI-41'],
    ...more,
  };
}

function faultsOf(value: unknown): readonly string[] {
  try {
    readDirectory(value);
  } catch (error) {
    if (!(error instanceof DirectoryFaults)) throw error;
    return error.faults.map(({ path }) => path);
  }
  return [];
}

describe('the partner directory', () => {
  it('finds the entries of a certificate by issuer and subject serialNumber, which survive renewal', () => {
    const directory = readDirectory({ entries: [aGateway(), aSystem()] }, 3);
    const identity = { issuer: ISSUER, serialNumber: '3790000001', fingerprint: 'a'.repeat(64) };
    expect(directory.generation).toBe(3);
    expect(directory.entriesOf(identity).map(({ name }) => name)).toEqual(['kagawa']);
    expect(directory.entriesOf({ ...identity, issuer: 'CN=Other,C=JP' })).toEqual([]);
    expect(directory.entriesOf({ ...identity, serialNumber: '9' })).toEqual([]);
  });

  it('reads an issuer as a person types it', () => {
    const certificate = { issuer: 'cn=Trial CA, O=Trial, c=JP', serialNumber: '3790000001' };
    const directory = readDirectory({ entries: [aGateway({ certificate })] });
    const identity = { issuer: ISSUER, serialNumber: '3790000001', fingerprint: '' };
    expect(directory.entriesOf(identity)).toHaveLength(1);
  });

  it('binds one certificate alone where a fingerprint is given', () => {
    const fingerprint = 'AB:'.repeat(31).concat('AB');
    const certificate = { issuer: ISSUER, serialNumber: '3790000001', fingerprint };
    const directory = readDirectory({ entries: [aGateway({ certificate })] });
    const identity = { issuer: ISSUER, serialNumber: '3790000001' };
    expect(directory.entriesOf({ ...identity, fingerprint: 'ab'.repeat(32) })).toHaveLength(1);
    expect(directory.entriesOf({ ...identity, fingerprint: 'cd'.repeat(32) })).toEqual([]);
  });

  it('lets one certificate be a gateway and a system', () => {
    const certificate = { issuer: ISSUER, serialNumber: '3790000001' };
    const directory = readDirectory({ entries: [aGateway(), aSystem({ certificate })] });
    const found = directory.entriesOf({ ...certificate, fingerprint: '' });
    expect(found.map(({ kind }) => kind)).toEqual(['gateway', 'system']);
  });

  it('knows every community that a gateway fronts', () => {
    const homeCommunityIds = ['urn:oid:2.999.392.3', 'urn:oid:2.999.392.4'];
    const directory = readDirectory({ entries: [aGateway({ homeCommunityIds }), aSystem()] });
    expect(directory.communities().map((known) => known.homeCommunityId)).toEqual(homeCommunityIds);
    expect(directory.findCommunity('urn:oid:2.999.392.4')?.entry.name).toBe('kagawa');
    expect(directory.findCommunity('urn:oid:2.999.392.9')).toBeUndefined();
  });

  it('reads in which domain each community has its wide-area ids', () => {
    const wideAreaDomains = { 'urn:oid:2.999.392.3': '2.999.500.3' };
    const directory = readDirectory({ entries: [aGateway({ wideAreaDomains })] });
    expect(directory.entries).toMatchObject([{ wideAreaDomains }]);
    expect(readDirectory({ entries: [aGateway()] }).entries).toMatchObject([
      { wideAreaDomains: {} },
    ]);
  });

  it('without entries lists nobody', () => {
    expect(readDirectory({ entries: [] }).entries).toEqual([]);
    expect(readDirectory(null).entries).toEqual([]);
    expect(emptyDirectory().findEntry('kagawa')).toBeUndefined();
  });

  it.each<[string, unknown, string[]]>([
    ['an unknown key', { entries: [], partners: [] }, ['partners']],
    ['entries that are no list', { entries: {} }, ['entries']],
    ['a file that is a list', [], ['file']],
    [
      'an entry that is a word',
      { entries: ['kagawa'] },
      [
        'entries[0]',
        'entries[0].name',
        'entries[0].certificate',
        'entries[0].certificate.issuer',
        'entries[0].certificate.serialNumber',
        'entries[0].kind',
        'entries[0].homeCommunityIds',
      ],
    ],
    ['another kind', { entries: [aGateway({ kind: 'peer' })] }, ['entries[0].kind']],
    [
      'a gateway without a community',
      { entries: [aGateway({ homeCommunityIds: [] })] },
      ['entries[0].homeCommunityIds'],
    ],
    [
      'a community that is no URN',
      { entries: [aGateway({ homeCommunityIds: ['2.999.1'] })] },
      ['entries[0].homeCommunityIds[0]'],
    ],
    [
      'a wide-area domain of a community that is not its own',
      { entries: [aGateway({ wideAreaDomains: { 'urn:oid:2.999.392.4': '2.999.500.4' } })] },
      ['entries[0].wideAreaDomains.urn:oid:2.999.392.4'],
    ],
    [
      'a wide-area domain that is no OID',
      { entries: [aGateway({ wideAreaDomains: { 'urn:oid:2.999.392.3': 'urn:oid:2.999.5' } })] },
      ['entries[0].wideAreaDomains.urn:oid:2.999.392.3'],
    ],
    [
      'a community of an impossible OID',
      { entries: [aGateway({ homeCommunityIds: ['urn:oid:3.1'] })] },
      ['entries[0].homeCommunityIds[0]'],
    ],
    [
      'a serial number without quotes',
      {
        entries: [aSystem({ certificate: { issuer: ISSUER, serialNumber: 3210000001 } })],
      },
      ['entries[0].certificate.serialNumber'],
    ],
    [
      'an issuer that is no name',
      {
        entries: [aSystem({ certificate: { issuer: 'Trial CA', serialNumber: '1' } })],
      },
      ['entries[0].certificate.issuer'],
    ],
    [
      'a fingerprint too short',
      {
        entries: [
          aSystem({ certificate: { issuer: ISSUER, serialNumber: '1', fingerprint: 'ab' } }),
        ],
      },
      ['entries[0].certificate.fingerprint'],
    ],
    [
      'a plain http endpoint',
      { entries: [aGateway({ endpoints: { 'ITI-38': 'http://x' } })] },
      ['entries[0].endpoints.ITI-38'],
    ],
    [
      'an endpoint with a password',
      {
        entries: [aGateway({ endpoints: { 'ITI-38': 'https://a:b@x/' } })],
      },
      ['entries[0].endpoints.ITI-38'],
    ],
    [
      'a transaction without a number',
      { entries: [aSystem({ transactions: ['ITI'] })] },
      ['entries[0].transactions[0]'],
    ],
    ['an old TLS', { entries: [aSystem({ tls: 'tls10' })] }, ['entries[0].tls']],
    [
      'a quirk without a day to look again',
      {
        entries: [
          aGateway({ quirks: [{ name: 'faults-by-http-500', why: 'x', since: '2030-01-01' }] }),
        ],
      },
      ['entries[0].quirks[0].review'],
    ],
    [
      'a quirk that nobody here knows',
      {
        entries: [
          aGateway({
            quirks: [{ name: 'no-mtom', why: 'x', since: '2030-01-01', review: '2030-01-02' }],
          }),
        ],
      },
      ['entries[0].quirks[0].name'],
    ],
    ['own that is a word', { entries: [aSystem({ own: 'yes' })] }, ['entries[0].own']],
    [
      "a gateway's key on a system",
      { entries: [aSystem({ homeCommunityIds: [] })] },
      ['entries[0].homeCommunityIds'],
    ],
    [
      'a name, a community and a certificate given twice',
      { entries: [aGateway(), aGateway()] },
      ['entries[1].name', 'entries[1].certificate', 'entries[1].homeCommunityIds'],
    ],
    ['too many entries', { entries: Array(MAX_ENTRIES + 1).fill('x') }, ['entries']],
  ])('refuses %s, and says where', (_what, value, paths) => {
    expect(new Set(faultsOf(value))).toEqual(new Set(paths));
  });

  it('tells all faults at once, each with what would be right', () => {
    const value = { entries: [aGateway({ kind: 'x', tls: 'y' }), aSystem({ name: 'Ä' })] };
    expect(() => readDirectory(value)).toThrow(
      /entries\[0\]\.tls: one of: tls12.*entries\[0\]\.kind: one of: gateway, system.*entries\[1\]\.name/,
    );
  });
});
