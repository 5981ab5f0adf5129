import { activeRuleSetOf } from '../gateway/rule-set-file.ts';
import { readInsuranceKey } from '../gateway/wide-area-service.ts';
import type { Config } from '../gateway/config.ts';
import type { Text } from './messages.ts';
import { operatorTextOf } from './operator-texts.ts';
import { systemCodeOf } from './system-error.ts';

/** The files that Patient Identity reads at the start, as far as the config names them: the rule set and the insurance key. */
export async function checkIdentity(config: Config): Promise<
  readonly {
    readonly name: 'identity';
    readonly outcome: 'ok' | 'failed';
    readonly detail: Text;
  }[]
> {
  const { rules, insuranceKey } = config.identity;
  const checks: (Promise<Text> | undefined)[] = [
    rules === undefined
      ? undefined
      : activeRuleSetOf(config).then(({ version, thresholds: { auto, review } }) => ({
          en: `${rules}: rule set ${version}, links from ${auto}, asks a person from ${review}`,
          ja: `${rules}: ルールセット ${version}、${auto} 点以上を連結、${review} 点以上を確認待ちにします`,
        })),
    insuranceKey === undefined
      ? undefined
      : readInsuranceKey(insuranceKey).then((key) => ({
          en: `${insuranceKey}: a key of ${key.length} bytes`,
          ja: `${insuranceKey}: ${key.length} バイトの鍵`,
        })),
  ];
  const files = [rules, insuranceKey];
  return Promise.all(
    checks.flatMap((check, at) =>
      check === undefined
        ? []
        : check.then(
            (detail) => ({ name: 'identity', outcome: 'ok', detail }) as const,
            (error: unknown) =>
              ({ name: 'identity', outcome: 'failed', detail: faultOf(error, files[at]) }) as const,
          ),
    ),
  );
}

function faultOf(error: unknown, file = ''): Text {
  const known = operatorTextOf(error);
  if (known === undefined) {
    const code = systemCodeOf(error) ?? 'unreadable';
    return { en: `${file} cannot be read (${code})`, ja: `${file} を読めません（${code}）` };
  }
  const { what, next } = known;
  if (next === undefined) return what;
  return { en: `${what.en}; ${next.en}`, ja: `${what.ja}。${next.ja}` };
}
