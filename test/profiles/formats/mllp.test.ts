import { frameMllp, type MllpEvent, MllpReader } from '../../../profiles/formats/mllp.ts';

const text = (octets: Uint8Array) => Buffer.from(octets).toString('utf8');
const framesOf = (events: readonly MllpEvent[]) =>
  events.flatMap((event) => (event.kind === 'frame' ? [text(event.octets)] : []));
const noiseOf = (events: readonly MllpEvent[]) =>
  events.reduce((sum, event) => sum + (event.kind === 'noise' ? event.length : 0), 0);

describe('MLLP framing', () => {
  it('begins with VT and ends with FS and CR', () => {
    expect([...frameMllp(Buffer.from('MSH'))]).toEqual([0x0b, 0x4d, 0x53, 0x48, 0x1c, 0x0d]);
  });

  it('finds two messages with characters of three octets, cut at any two places', () => {
    const stream = Buffer.concat([
      Buffer.from('noise'),
      frameMllp(Buffer.from('MSH|山田')),
      frameMllp(Buffer.from('MSH|二\r')),
    ]);
    for (let one = 0; one <= stream.length; one += 1) {
      for (let other = one; other <= stream.length; other += 1) {
        const reader = new MllpReader(1_000);
        const events = [
          stream.subarray(0, one),
          stream.subarray(one, other),
          stream.subarray(other),
        ].flatMap((chunk) => reader.read(chunk));
        expect(framesOf(events)).toEqual(['MSH|山田', 'MSH|二\r']);
        expect(noiseOf(events)).toBe(5);
        expect(reader.isInside).toBe(false);
      }
    }
  });

  it('finds the same messages octet by octet', () => {
    const reader = new MllpReader(1_000);
    const stream = Buffer.concat([frameMllp(Buffer.from('一')), frameMllp(Buffer.from(''))]);
    const events = [...stream].flatMap((octet) => reader.read(Uint8Array.of(octet)));
    expect(framesOf(events)).toEqual(['一', '']);
    expect(noiseOf(events)).toBe(0);
  });

  it('skips octets before VT, and those of a frame that another VT begins anew', () => {
    const events = new MllpReader(1_000).read(Buffer.from('\r\nxx\x0bMSH|half\x0bMSH|whole\x1c\r'));
    expect(framesOf(events)).toEqual(['MSH|whole']);
    expect(noiseOf(events)).toBe(4 + 'MSH|half'.length + 1);
  });

  it('takes a frame without its last CR, and the CR that comes later is no noise', () => {
    const reader = new MllpReader(1_000);
    expect(framesOf(reader.read(Buffer.from('\x0bMSH\x1c')))).toEqual(['MSH']);
    expect(reader.read(Buffer.from('\r\x0bPID\x1c'))).toMatchObject([{ kind: 'frame' }]);
  });

  it('knows that a frame has begun', () => {
    const reader = new MllpReader(1_000);
    reader.read(Buffer.from('\x0bMSH'));
    expect(reader.isInside).toBe(true);
  });

  it('keeps what it was given when the buffer is used again', () => {
    const reader = new MllpReader(1_000);
    const buffer = Buffer.from('\x0bMSH');
    reader.read(buffer);
    buffer.fill(0x2a);
    expect(framesOf(reader.read(Buffer.from('\x1c\r')))).toEqual(['MSH']);
  });

  it('gives up at a frame that is too large, with its first octets, and reads nothing after it', () => {
    for (const chunks of [
      ['\x0bMSH|1234567890\x1c\r\x0bA\x1c\r'],
      ['\x0bMSH|', '12345', '67890', 'x'],
    ]) {
      const reader = new MllpReader(8);
      const events = chunks.flatMap((chunk) => reader.read(Buffer.from(chunk)));
      expect(events.map(({ kind }) => kind)).toEqual(['too-large']);
      const [event] = events;
      expect(event?.kind === 'too-large' && text(event.octets)).toBe('MSH|1234');
    }
  });

  it('takes a frame of exactly the most octets', () => {
    expect(framesOf(new MllpReader(4).read(Buffer.from('\x0bMSH|\x1c\r')))).toEqual(['MSH|']);
  });
});
