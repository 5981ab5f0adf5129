import { randomUUID } from 'node:crypto';
import { connect } from 'node:tls';
import { mtomContentType, writeMtom, bytesContent } from '../../profiles/formats/mtom.ts';
import { type OpenedEnvelope, writeEnvelope, writeFault } from '../../profiles/formats/soap.ts';
import type { PatientId } from '../../profiles/patient.ts';
import { Fault } from '../../profiles/refusal.ts';
import type { Body } from '../../profiles/transaction.ts';
import { ITI_39 } from '../../profiles/xca/iti-39.ts';
import { ITI_55 } from '../../profiles/xcpd/iti-55.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { ITI_43, type RetrieveDocumentSetResponse } from '../../profiles/xds/iti-43.ts';
import { findDocuments } from '../../profiles/xds/stored-query-builders.ts';
import { changeRows } from '../support/callback-end.ts';
import { eventually, expectFailure } from '../support/expectations.ts';
import { type FarAnswer, FarEnd } from '../support/far-end.ts';
import { aPatientDiscoveryResponse } from '../support/hl7v3-builders.ts';
import { faultIn } from '../support/messages.ts';
import { freshOid, octets } from '../support/region-documents.ts';
import { type RawAnswer, regionOids, World } from '../support/world.ts';

const west = regionOids(2);
const issue = { now: () => new Date(), uuid: () => randomUUID() };
const ACCEPTED: FarAnswer = { status: 202, contentType: '', body: '' };
const SOAP = 'application/soap+xml; charset=UTF-8';
const nobody = aPatientDiscoveryResponse({ queryResponseCode: 'NF', matches: [] });

describe('asynchronous web services exchange by ReplyTo (ITI TF-2: Appendix V), as the one that asks', () => {
  let world: World;
  let callback: string;
  let farEnd: FarEnd;
  let patientId: PatientId;

  beforeAll(async () => {
    world = await World.start({
      regions: 2,
      running: 0,
      settings: {
        fanOut: { deadlineMs: 10_000 },
        retrieval: { deadlineMs: 3_000, attempts: 3 },
        wideArea: { mode: 'off' },
      },
    });
    await changeRows(world, 'east', (row) =>
      row['name'] === 'west' ? { ...row, asynchronous: ['ITI-38', 'ITI-39', 'ITI-55'] } : row,
    );
    farEnd = await FarEnd.start(world.tls('west'), Number(new URL(world.url('', 'west')).port));
    await world.startRegion('east');
    callback = world.url('replies');
    patientId = await world.patient('R-1');
  });

  beforeEach(() => farEnd.forget());

  afterAll(async () => {
    await world.stop();
    await farEnd.stop();
  });

  /** An answer as the far end posts it to our callback. */
  const post = async (
    body: Body,
    { to, transaction, as = 'west', ...over }: Posting,
  ): Promise<RawAnswer> => {
    const [message] = transaction.wire.messages;
    const envelope = writeEnvelope({
      action: message?.replyAction ?? '',
      messageId: `urn:uuid:${randomUUID()}`,
      to: callback,
      relatesTo: to,
      headers: body.headers,
      body: body.xml,
      ...over,
    });
    if (transaction.wire.mtom === 'never') {
      return await world.post(callback, envelope, { contentType: SOAP, tls: world.tls(as) });
    }
    const boundary = `far-${randomUUID()}`;
    const chunks: Uint8Array[] = [];
    for await (const chunk of writeMtom(envelope, body.attachments ?? [], boundary)) {
      chunks.push(chunk);
    }
    const contentType = mtomContentType({ boundary });
    return await world.post(callback, Buffer.concat(chunks), { contentType, tls: world.tls(as) });
  };
  const refusedAs = async (raw: RawAnswer, reason: string) => {
    expect(raw.status).toBe(400);
    const fault = await faultIn(raw);
    expect(fault.subcodes.map(({ name }) => name)).toEqual(['InvalidAddressingHeader']);
    expect(fault.context).not.toBe('');
    expect(await refusals(reason)).toBeGreaterThan(0);
  };
  const refusals = (reason: string) =>
    world.metric(`kakehashi_refused_answers_total{reason="${reason}"}`);
  const find = async () =>
    (
      await world.exchange(
        ITI_18,
        world.url('initiating-gateway'),
        findDocuments({ patientId, home: west.homeCommunityId }),
      )
    ).response;
  /** Takes the discovery of a query, and lets the test answer it. */
  const discovery = (act: (asked: OpenedEnvelope) => Promise<FarAnswer>) => {
    let asked: OpenedEnvelope | undefined;
    farEnd.says(ITI_55, async (opened) => {
      asked = opened;
      return await act(opened);
    });
    return {
      arrives: async () => {
        await eventually(() => asked !== undefined);
        if (!asked) throw new Error('not asked');
        return asked;
      },
    };
  };
  const bodyOf = (asked: OpenedEnvelope) => ITI_55.response.encode(nobody, asked, issue);
  const answer = (asked: OpenedEnvelope, over: Partial<Posting> = {}) =>
    post(bodyOf(asked), { to: asked.messageId, transaction: ITI_55, ...over });
  const unavailable = ({ errors }: Awaited<ReturnType<typeof find>>) =>
    expect(errors.map(({ errorCode }) => errorCode)).toEqual(['XDSUnavailableCommunity']);

  it('asks with our callback as ReplyTo, in a valid message, and takes the answer that comes there', async () => {
    const asking = discovery(async () => ACCEPTED);
    const found = find();
    const asked = await asking.arrives();
    expect(asked.elsewhere?.replyTo?.address).toBe(callback);
    expect(asked.elsewhere?.faultTo).toBeUndefined();
    expect(farEnd.of('ITI-55').flatMap(({ schemaErrors }) => schemaErrors)).toEqual([]);
    const taken = await answer(asked);
    expect([taken.status, taken.body.length]).toEqual([202, 0]);
    expect(await found).toMatchObject({ status: 'Success', errors: [] });
  });

  it('takes an answer that comes before the 202, and one on the connection', async () => {
    discovery(async (asked) => {
      expect((await answer(asked)).status).toBe(202);
      return ACCEPTED;
    });
    expect(await find()).toMatchObject({ status: 'Success', errors: [] });
    farEnd.answers(ITI_55, () => nobody);
    expect(await find()).toMatchObject({ status: 'Success', errors: [] });
  });

  it('takes an answer once', async () => {
    const asking = discovery(async () => ACCEPTED);
    const found = find();
    const asked = await asking.arrives();
    await answer(asked);
    await found;
    await refusedAs(await answer(asked), 'duplicate');
  });

  it('refuses an answer to what was never asked', async () => {
    const asking = discovery(async () => ACCEPTED);
    const found = find();
    const asked = await asking.arrives();
    await refusedAs(await answer(asked, { to: `urn:uuid:${randomUUID()}` }), 'unknown');
    await refusedAs(await answer(asked, { to: undefined }), 'unknown');
    expect((await answer(asked)).status).toBe(202);
    await found;
  });

  it('refuses the answer of another partner, with an alert, and goes on waiting', async () => {
    const alerts = (await world.alerts()).length;
    const asking = discovery(async () => ACCEPTED);
    const found = find();
    const asked = await asking.arrives();
    await refusedAs(await answer(asked, { as: 'east-hospital' }), 'foreign');
    expect(await world.alerts()).toHaveLength(alerts + 1);
    expect((await answer(asked)).status).toBe(202);
    expect(await found).toMatchObject({ status: 'Success', errors: [] });
  });

  it('takes a fault for the answer that it is', async () => {
    const asking = discovery(async () => ACCEPTED);
    const found = find();
    const { messageId } = await asking.arrives();
    const fault = writeFault(new Fault('Receiver', 'broken'), messageId, { to: callback });
    const raw = await world.post(callback, fault, { contentType: SOAP, tls: world.tls('west') });
    expect(raw.status).toBe(202);
    unavailable(await found);
  });

  it('says that it cannot read an answer of another action, and what it asked has failed', async () => {
    const asking = discovery(async () => ACCEPTED);
    const found = find();
    const asked = await asking.arrives();
    await refusedAs(await answer(asked, { action: 'urn:example:other' }), 'unreadable');
    unavailable(await found);
  });

  it('hears a fault on the connection at once', async () => {
    const busy = writeFault(new Fault('Receiver', 'busy'));
    discovery(async () => ({ status: 500, contentType: SOAP, body: busy }));
    unavailable(await find());
  });

  describe('for documents', () => {
    const wanted = () => ({
      homeCommunityId: west.homeCommunityId,
      repositoryUniqueId: west.repositoryUniqueId,
      documentUniqueId: freshOid(),
    });
    const retrieve = async (document: ReturnType<typeof wanted>) =>
      await world.exchange(ITI_43, world.url('initiating-gateway'), { documents: [document] });
    const theirs = (document: ReturnType<typeof wanted>): RetrieveDocumentSetResponse => ({
      status: 'Success',
      errors: [],
      documents: [
        { ...document, mimeType: 'text/plain', content: bytesContent(octets('from the west')) },
      ],
    });
    const asks = () => {
      farEnd.says(ITI_39, async () => ACCEPTED);
      return async (number = 1) => {
        await eventually(() => farEnd.of('ITI-39').length >= number);
        const asked = farEnd.of('ITI-39').at(number - 1)?.opened;
        if (!asked) throw new Error('not asked');
        return asked;
      };
    };
    const give = (document: ReturnType<typeof wanted>, asked: OpenedEnvelope) =>
      post(ITI_39.response.encode(theirs(document), asked, issue), {
        to: asked.messageId,
        transaction: ITI_39,
      });

    it('takes them out of the answer into the spool, and answers with them', async () => {
      const document = wanted();
      const asked = asks();
      const retrieved = retrieve(document);
      expect((await give(document, await asked())).status).toBe(202);
      const { response, message } = await retrieved;
      expect(response).toMatchObject({ status: 'Success', errors: [] });
      expect([...message.parts.values()].map(String)).toEqual(['from the west']);
    });

    it('waits for the answer again when it breaks off half-way', async () => {
      const document = wanted();
      const asked = asks();
      const retrieved = retrieve(document);
      const opened = await asked();
      const before = await refusals('unreadable');
      await breakOff(world, callback, {
        relatesTo: opened.messageId,
        body: ITI_39.response.encode(theirs(document), opened, issue),
      });
      await eventually(async () => (await refusals('unreadable')) > before);
      expect((await give(document, opened)).status).toBe(202);
      expect((await retrieved).response).toMatchObject({ status: 'Success', errors: [] });
    });

    it('asks again after a restart, since nobody waits for the first answer any more', async () => {
      const document = wanted();
      const asked = asks();
      const pending = retrieve(document);
      const first = await asked();
      expectFailure((await pending).response, {
        errorCode: 'XDSUnavailableCommunity',
        location: document.documentUniqueId,
      });
      await world.stopRegion('east');
      await world.startRegion('east');
      const second = await asked(2);
      expect(second.messageId).not.toBe(first.messageId);
      await refusedAs(await give(document, first), 'unknown');
      expect((await give(document, second)).status).toBe(202);
      await eventually(async () => (await world.filesIn('spool/retrieved')).length > 0);
      expect((await retrieve(document)).response).toMatchObject({ status: 'Success', errors: [] });
      expect(farEnd.of('ITI-39')).toHaveLength(2);
    });
  });

  it('is told XDSUnavailableCommunity when the deadline passes, and refuses the answer that comes late', async () => {
    await world.stopRegion('east');
    await world.startRegion('east', (config) => ({ ...config, fanOut: { deadlineMs: 500 } }));
    const asking = discovery(async () => ACCEPTED);
    const found = find();
    const asked = await asking.arrives();
    unavailable(await found);
    await refusedAs(await answer(asked), 'late');
  });

  it('takes a 202 for no answer from a partner that was asked on its connection', async () => {
    await changeRows(world, 'east', (row) =>
      row['name'] === 'west' ? { ...row, asynchronous: [] } : row,
    );
    discovery(async (asked) => {
      expect(asked.elsewhere).toBeUndefined();
      return ACCEPTED;
    });
    unavailable(await find());
  });

  it('refuses at its callback what is no envelope, with an alert', async () => {
    const alerts = (await world.alerts()).length;
    const raw = await world.post(callback, '<a/>', { tls: world.tls('west') });
    expect(raw.status).toBe(500);
    expect((await faultIn(raw)).fault).toBe('VersionMismatch');
    expect(await world.alerts()).toHaveLength(alerts + 1);
  });

  it('says its faults with HTTP 500 to a partner whose row asks for that, at its callback, too', async () => {
    const quirk = { name: 'faults-by-http-500', why: 'its stack', since: '2030-01-01' };
    await changeRows(world, 'east', (row) =>
      row['name'] === 'west' ? { ...row, quirks: [{ ...quirk, review: '2031-01-01' }] } : row,
    );
    const never = writeFault(new Fault('Receiver', 'broken'), `urn:uuid:${randomUUID()}`);
    const raw = await world.post(callback, never, { contentType: SOAP, tls: world.tls('west') });
    expect([raw.status, (await faultIn(raw)).fault]).toEqual([500, 'Sender']);
  });
});

interface Posting {
  readonly to: string | undefined;
  readonly transaction: typeof ITI_39 | typeof ITI_55;
  readonly as?: string;
  readonly action?: string;
}

/** Posts an answer whose connection ends inside the document. */
async function breakOff(
  world: World,
  url: string,
  { relatesTo, body }: { relatesTo: string | undefined; body: Body },
): Promise<void> {
  const [message] = ITI_39.wire.messages;
  const envelope = writeEnvelope({
    action: message?.replyAction ?? '',
    relatesTo,
    body: body.xml,
  });
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeMtom(envelope, body.attachments ?? [], 'cut')) chunks.push(chunk);
  const whole = Buffer.concat(chunks);
  const { hostname, port } = new URL(url);
  const socket = connect({ ...world.tls('west'), host: hostname, port: Number(port) });
  socket.on('error', () => undefined);
  socket.write(
    `POST /replies HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: ${mtomContentType({ boundary: 'cut' })}\r\nContent-Length: ${whole.length}\r\n\r\n`,
  );
  socket.end(whole.subarray(0, whole.length - 20));
  await new Promise((resolve) => socket.once('close', resolve));
}
