import { readFileSync } from 'node:fs';
import { ASYNCHRONOUS } from '../../gateway/safeguards/asynchronous-partner.ts';
import { CATALOGUE, MLLP_CATALOGUE } from '../../profiles/catalogue.ts';
import { ALL_CASES } from './all-cases.ts';
import { HAPI_PEER, IPF_PEER, IPF_V2_PEER, wordsIn } from './interop-case.ts';
import { interopPage, plainMatrix } from './matrix.ts';
import { peerOf, PEERS } from './peers.ts';
import { keptRecordings, recordingNames } from './recorder.ts';

const held = ALL_CASES.map(({ run: _, ...cell }) => cell);
const ofIpf = held.filter((cell) => peerOf(cell) === IPF_PEER);
const ofIpfByBoth = held.filter((cell) => [IPF_PEER, IPF_V2_PEER].includes(peerOf(cell)));

describe('the matrix of interoperability', () => {
  // ITI-64 is asked among the actors of one community; nobody notifies us by ITI-10.
  const unasked = ['ITI-64'];
  const outwardAlone = ['ITI-10'];
  const asked = [...CATALOGUE, ...MLLP_CATALOGUE]
    .map(({ id }) => id)
    .filter((id) => !unasked.includes(id));

  it.each(asked)('%s is asked and refused in both directions', (id) => {
    const cells = ofIpfByBoth.filter(({ transaction }) => transaction === id);
    for (const direction of outwardAlone.includes(id) ? ['outward'] : ['inward', 'outward']) {
      const names = cells.filter((cell) => cell.direction === direction).map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(['success', 'refusal']));
      expect(new Set(names).size).toBe(names.length);
    }
  });

  it('has every code of ours read by every stranger, in each transaction that it asks', () => {
    const strangers = [IPF_PEER, IPF_V2_PEER, HAPI_PEER, 'zeep 4.3', 'node-soap 1.13'];
    const of = (names: readonly string[]) =>
      held
        .filter((cell) => cell.direction === 'inward' && strangers.includes(peerOf(cell)))
        .filter(({ name }) => names.includes(name))
        .map((cell) => `${peerOf(cell)} ${cell.transaction}`);
    expect([...new Set(of(['each code']))].sort()).toEqual([...new Set(of(['refusal']))].sort());
  });

  it.each(ASYNCHRONOUS)('%s is asked asynchronously in both directions', (id) => {
    const cells = ofIpf.filter((one) => one.transaction === id && one.name === 'asynchronous');
    expect(cells.map(({ direction }) => direction).sort()).toEqual(['inward', 'outward']);
  });

  it.each(['ITI-39', 'ITI-43'])('%s brings a large document asynchronously, both ways', (id) => {
    const cells = ofIpf.filter(
      (one) => one.transaction === id && one.name === 'asynchronous large',
    );
    expect(cells.map(({ direction }) => direction).sort()).toEqual(['inward', 'outward']);
  });

  it('knows each peer, and has no cell twice', () => {
    const names = held.map((cell) => [peerOf(cell), ...Object.values(cell)].join(' '));
    expect(new Set(names).size).toBe(names.length);
    const known = PEERS.map(({ name }) => name);
    expect([...new Set(held.map(peerOf))].filter((peer) => !known.includes(peer))).toEqual([]);
  });

  it('has each recording of a cell that is run', () => {
    const names = recordingNames(held);
    const recorded = keptRecordings().map(({ name }) => name);
    expect(recorded.filter((name) => !names.has(name))).toEqual([]);
  });

  it('leaves the section of a peer alone that did not run', () => {
    const page = interopPage(held);
    expect(interopPage(ofIpf, page)).toBe(page);
    const [first, ...others] = ofIpf;
    if (!first) throw new Error('no cases');
    expect(interopPage([{ ...first, why: 'x' }, ...others], page)).not.toBe(page);
  });

  it('stands in docs/interop.md as a run writes it in which everything holds', () => {
    const page = readFileSync(new URL('../../docs/interop.md', import.meta.url), 'utf8');
    expect(page).toBe(interopPage(held));
  });

  it('shows a cell that does not hold, and why', () => {
    const [first, ...others] = held;
    if (!first) throw new Error('no cases');
    const outcomes = [{ ...first, why: 'the peer met a fault' }, ...others];
    expect(plainMatrix(outcomes)).toContain('FAILS');
    expect(interopPage(outcomes)).toContain('IPF asks Kakehashi, success: the peer met a fault');
  });

  it('takes Japanese words apart at the separators of HL7, whatever else stands beside them', () => {
    expect(wordsIn('<a b="1^試験^太郎&amp;次郎">内科<c>ABC</c></a>')).toEqual(
      ['内科', '太郎', '次郎', '試験'].sort(),
    );
  });
});
