import { spawnSync } from 'node:child_process';
import { buildPeer, missingForPeer, peerVersion } from '../../scripts/bench/peer-process.ts';
import { HAPI_PEER, IPF_PEER, IPF_V2_PEER } from './interop-case.ts';
import { PROJECT } from './peer.ts';
import { buildZeep } from './zeep-client.ts';

/** Somebody else's software at the other end of the wire. */
export interface PeerOfTheMatrix {
  /** As `InteropCase.peer` names it. */
  readonly name: string;
  /** As the sentences of the page name it. */
  readonly short: string;
  /** What stands in the column of the direction for a tool that is not asked, but reads. */
  readonly outward?: string;
  /** What it is and what its cells show, for the page. */
  readonly about: readonly string[];
  /** Makes it ready; returns why it cannot run on this machine. */
  prepare(): string | undefined;
}

/** Every peer, in the order of the page. */
export const PEERS: readonly PeerOfTheMatrix[] = [
  {
    name: IPF_PEER,
    short: 'IPF',
    about: [
      `Open eHealth IPF ${peerVersion(PROJECT)} (Java 17, Apache Camel, Apache CXF, Tomcat), client and server.`,
      '',
      '- **IPF asks Kakehashi**: IPF’s client, our server. IPF’s validators take what it sent and what we answered.',
      '- **Kakehashi asks IPF**: our client, for ITI-38, 39 and 55 also our Initiating Gateway, and IPF’s server. IPF’s',
      '  validators take what we sent.',
      '- **Japanese**: titles, comments, display names, authors, persons, organisations and addresses in Japanese arrive, and',
      '  come back; in ITI-39 and 43 the octets of a document.',
      '- **large**: a document of 200 MiB by MTOM, compared by its digest.',
      '- **each code**: every error code with which an answer of ours may say no, and every form of our faults, by our encoders',
      '  behind a listener of the test’s, read by IPF with code, severity and Japanese context; refusal and fault are provoked.',
      '- **fault**: SOAP faults, which Apache CXF reads from HTTP 500 alone: the row of such a partner says `faults-by-http-500`.',
      '- **asynchronous**: the answer goes to another address, which the request names in `wsa:ReplyTo`: an empty 202, and the',
      '  answer as a message of its own over mutual TLS. IPF asks: IPF’s receivers for ITI-38, 39 and 55; for ITI-18 and 43 it has',
      '  none, and the decoupled destination of Apache CXF below its client takes the answer. Kakehashi asks: our Initiating',
      '  Gateway, and for ITI-18 and 43 our Responding Gateway, whose registry and repository IPF is. Japanese text arrives as',
      '  above, a refusal as an answer, and a fault before the 202. **asynchronous large**: 200 MiB by MTOM in such an answer.',
      '',
      'A `-` is no gap: the transaction has no such case.',
      '',
      '- asynchronous: Kakehashi speaks it in five transactions.',
      '- empty: an answer without a result is one of queries alone.',
      '- partial: an answer in part is one of XCA, of retrievals and of the removal of documents alone.',
      '- Japanese: the messages carry identifiers and codes alone.',
      '- large, asynchronous large: the messages carry no document, or are never asynchronous.',
      '- partial of ITI-38, IPF asks Kakehashi: our registry gives a whole answer or none.',
      '- fault: faults are made below the transactions; one of them is asked.',
    ],
    prepare: prepareIpf,
  },
  {
    name: IPF_V2_PEER,
    short: 'IPF',
    about: [
      'The same process by HL7 v2 over MLLP and mutual TLS. IPF’s validators hold the conformance profiles of the IHE test bed',
      'against what it sends, what we answer and what we send.',
      '',
      '- **merge**: A40, in ITI-30 also A47. **continuation**: five people by twos; IPF’s client fetches the parts by itself.',
      '- **cancel**: QCN^J01, after which the pointer is refused. **ISO-2022-JP**: MSH-18 `~ISO IR87`.',
      '- **each code**: every code of table 0357 with which we may say no, by our encoders behind a listener of the test’s.',
      '',
      'A `-` is no gap: nobody notifies us by ITI-10, and the other transactions have no such case.',
    ],
    prepare: prepareIpf,
  },
  {
    name: HAPI_PEER,
    short: 'HAPI',
    about: [
      'HAPI 2.6 alone, client and server over MLLP and mutual TLS; its parser has its default validation, but for telephone',
      'numbers, and takes no segment that it does not expect.',
      '',
      '- **success**: one message at a time. **batched**: several in one piece. **split**: each octet in a TLS record of its own.',
      '- **refusal**: each refusal below and in the transactions is read with MSA-1, the code of ERR and its place. **fault**: one who',
      '  is not entitled. **each code**: every code of table 0357, as IPF reads it above.',
      '',
      'A `-` is no gap.',
      '',
      '- batched, Kakehashi asks HAPI: our sender sends a message when the one before is answered, never several in one piece.',
      '- empty: an answer without a result is one of queries alone.',
      '- Japanese, ISO-2022-JP: ITI-9, ITI-10 and ITI-30 carry ids alone; of ITI-21 both ways of writing are asked, UTF-8 in',
      '  each of its cells. What ITI-30 feeds is written as ITI-8 writes it.',
      '- fault, each code: made below the transactions, they are asked of one of a kind; split, batched of ITI-30: its framing is',
      '  that of ITI-8, at the same listener.',
    ],
    prepare: prepareIpf,
  },
  {
    name: 'zeep 4.3',
    short: 'zeep',
    about: [
      'Python’s SOAP client, made of the WSDLs that are served. It writes each request from our schemas’ types and reads each',
      'answer strictly by them. It has no MTOM for what it sends: ITI-43 goes through a transport of the test’s, which puts',
      'zeep’s envelope into a MIME package; the answer is taken apart by zeep, and by Python’s `email` beside it. **large**:',
      '200 MiB by MTOM in ITI-43, compared by their digest; zeep alone, since `email` reads a message as lines of text.',
      '**each code**: as with IPF, every error code and every form of our faults.',
    ],
    prepare: buildZeep,
  },
  {
    name: 'node-soap 1.13',
    short: 'node-soap',
    about: [
      'The SOAP client of Node’s world, made of the WSDLs that are served; MTOM by its own means. Where the order of elements',
      'matters, it is the order in which the caller names them. **large**: 200 MiB by MTOM in ITI-43, compared by their digest.',
      '**each code**: as with IPF, every error code and every form of our faults.',
    ],
    prepare: () => undefined,
  },
  {
    name: 'OpenSSL',
    short: 'OpenSSL',
    about: [
      '`openssl s_client` at our listener, `openssl s_server` before our sender (ITI-19). success: TLS 1.3. TLS 1.2: only for a',
      'partner whose row says `tls12`, and only the suites of BCP 195. refusal: without a certificate, and with one that is',
      'expired, revoked, of another CA, self-signed or in no row, the connection is closed before a byte of HTTP, and audited;',
      'our sender writes no byte of HTTP to a server whose certificate is expired, revoked, of another CA, or somebody else’s.',
    ],
    prepare: () => toolOrWhy('openssl', 'version'),
  },
  {
    name: 'curl',
    short: 'curl',
    about: [
      'Posts an envelope of ITI-18 with `--cert` and `--key`. refusal: without a certificate, with an expired or unlisted one, and',
      'with TLS 1.2; fault: what SOAP says of a missing header.',
    ],
    prepare: () => toolOrWhy('curl', '--version'),
  },
  {
    name: 'Java TLS',
    short: 'Java',
    about: [
      'Java’s own TLS (JSSE), without any library: its client at our listener, its server before our sender.',
    ],
    prepare: () => toolOrWhy('java', '-version'),
  },
  {
    name: 'xmllint',
    short: 'xmllint',
    outward: 'xmllint reads what Kakehashi writes',
    about: [
      'libxml2’s own tool, outside of this program: requests, answers and refusals that we write, against the schemas as they',
      'are served beside the WSDLs; and against those of OASIS, IHE and HL7 where they lie beside the checkout.',
    ],
    prepare: () => toolOrWhy('xmllint', '--version'),
  },
  {
    name: 'xmlsec1',
    short: 'xmlsec1',
    outward: 'xmlsec1 reads what Kakehashi writes',
    about: [
      'It has nothing to verify: no message of ours carries an XML signature (assertions of users, XUA, are not built). The cell',
      'holds as long as that is so; the first message that is signed has to be verified in it.',
    ],
    prepare: () => toolOrWhy('xmlsec1', '--version'),
  },
];

/** IPF and HAPI are one process. */
export const IN_JAVA: readonly string[] = [IPF_PEER, IPF_V2_PEER, HAPI_PEER];

let isBuilt = false;

function prepareIpf(): string | undefined {
  const missing = missingForPeer(PROJECT);
  if (missing.length > 0) return `this machine lacks ${missing.join(' and ')}`;
  if (!isBuilt) buildPeer(PROJECT);
  isBuilt = true;
  return undefined;
}

/** Of a case that names no peer: IPF. */
export function peerOf({ peer }: { readonly peer?: string }): string {
  return peer ?? IPF_PEER;
}

function toolOrWhy(tool: string, option: string): string | undefined {
  return spawnSync(tool, [option]).status === 0 ? undefined : `this machine lacks ${tool}`;
}
