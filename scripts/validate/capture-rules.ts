import type { Capture } from './capture.ts';
import { both, type Finding, failure, type Rule, warning } from './rule.ts';

const kept =
  (rule: string) =>
  ({ found }: Capture): readonly Finding[] =>
    found.get(rule) ?? [];

/** Rules of an HTTP capture. */
export const HTTP_RULES: readonly Rule<Capture>[] = [
  {
    name: 'http.head',
    source: 'RFC 9112',
    what: both('The HTTP start line and header can be read.', 'HTTP の開始行とヘッダーが読める。'),
    check: kept('http.head'),
  },
  {
    name: 'http.content-type',
    source: 'ITI TF-2: Appendix V.3',
    what: both(
      'The Content-Type is application/soap+xml or multipart/related.',
      'Content-Type は application/soap+xml か multipart/related である。',
    ),
    check({ contentType }) {
      const types = ['application/soap+xml', 'multipart/related'];
      if (contentType !== undefined && types.includes(contentType.type)) return [];
      return [
        failure(
          both(
            contentType === undefined ? 'there is no Content-Type' : `it is ${contentType.type}`,
            contentType === undefined
              ? 'Content-Type がありません'
              : `${contentType.type} になっています`,
          ),
        ),
      ];
    },
  },
];

/** Rules of MIME framing. */
export const MIME_RULES: readonly Rule<Capture>[] = [
  {
    name: 'mime.content-type',
    source: 'RFC 2387; ITI TF-2: Appendix V.3.6',
    what: both(
      'Content-Type is multipart/related with boundary, type application/xop+xml and start-info application/soap+xml.',
      'Content-Type は multipart/related で、boundary、type="application/xop+xml"、start-info="application/soap+xml" がある。',
    ),
    check: (capture) => [...kept('mime.content-type')(capture), ...parametersFound(capture)],
  },
  {
    name: 'mime.boundary',
    source: 'RFC 2046, section 5.1',
    what: both(
      'The body is parted by the boundary of the header.',
      '本体はヘッダーの boundary で区切られる。',
    ),
    check: kept('mime.boundary'),
  },
  {
    name: 'mime.line-ends',
    source: 'RFC 2046, section 5.1.1',
    what: both(
      'Boundaries and part headers end in CRLF.',
      '境界とパートのヘッダーは CRLF で終わる。',
    ),
    check: kept('mime.line-ends'),
  },
  {
    name: 'mime.structure',
    source: 'RFC 2046, section 5.1; RFC 2045, section 6',
    what: both(
      'Every part is whole, named once, and in a known transfer encoding.',
      'どのパートも完全で、Content-ID が一つあり、既知の転送符号化である。',
    ),
    check: kept('mime.structure'),
  },
];

function parametersFound({ contentType, form }: Capture): readonly Finding[] {
  if (contentType === undefined) {
    return form === 'multipart'
      ? [
          warning(
            both(
              'no Content-Type was given; name it with --content-type to have it judged',
              'Content-Type が与えられていません。--content-type で指定すると判定します',
            ),
          ),
        ]
      : [];
  }
  const { type, parameters } = contentType;
  const findings: Finding[] = [];
  if (type !== 'multipart/related') {
    findings.push(failure(both(`the type is ${type}`, `型が ${type} になっています`)));
  }
  if (!parameters.has('boundary')) {
    findings.push(failure(both('there is no boundary', 'boundary がありません')));
  }
  for (const [name, right] of EXPECTED) {
    const value = parameters.get(name)?.toLowerCase();
    if (value === right) continue;
    const what =
      value === undefined
        ? both(`${name} is missing`, `${name} がありません`)
        : both(`${name} is ${value}`, `${name} が ${value} です`);
    findings.push(
      warning(both(`${what.en}; it should be ${right}`, `${what.ja}。${right} とすべきです`)),
    );
  }
  return findings;
}

const EXPECTED = [
  ['type', 'application/xop+xml'],
  ['start-info', 'application/soap+xml'],
] as const;
