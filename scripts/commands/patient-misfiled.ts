import { asking } from '../asking.ts';
import { command, EXIT, option } from '../command.ts';
import type { Text } from '../messages.ts';
import { tableOf } from '../table.ts';

/** What one question to the running process gives. */
interface Found {
  readonly misfiled: readonly {
    readonly entryUUID: string;
    readonly sourcePatientId: string;
    readonly filedUnder: string;
    readonly belongsTo: string;
  }[];
  readonly last?: number;
}

const NONE: Text = {
  en: 'every document is under the patient whose local number its source gave',
  ja: 'すべての文書は、登録元の患者番号が属する患者の下にあります',
};

/** `kakehashi patient misfiled`: documents whose sourcePatientId belongs to another patient than they are filed under. */
export const patientMisfiled = command({
  name: 'patient misfiled',
  summary: {
    en: 'List documents whose sourcePatientId belongs to another patient than they are filed under.',
    ja: 'sourcePatientId が別の患者に属する（登録先の患者と一致しない）文書を一覧する。',
  },
  options: {
    folder: option.folder(),
    by: option.text({
      en: 'Your name: the audit trail keeps it.',
      ja: '操作者の氏名。監査証跡に残る。',
    }),
  },
  async run({ folder, by }, desk) {
    const misfiled: Found['misfiled'][number][] = [];
    for (let after: number | undefined = 0; after !== undefined; ) {
      const found: Found = await asking<Found>(folder, 'patient.misfiled', { after, by });
      misfiled.push(...found.misfiled);
      after = found.last;
    }
    if (misfiled.length === 0) {
      desk.print(NONE, { misfiled });
      return EXIT.nothingToDo;
    }
    const rows = misfiled.map((one) => [
      one.entryUUID,
      one.sourcePatientId,
      one.filedUnder,
      one.belongsTo,
    ]);
    const lines = tableOf(['document', 'sourcePatientId', 'filed under', 'belongs to'], rows);
    desk.print(lines.join('\n'), { misfiled });
    return EXIT.done;
  },
});
