/** Changes of a RabbitMQ main file (`key = value` by line, of several the last counts). Pure. */

const SETTING = /^(\s*)([\w.$\\-]+)(\s*=\s*)(.*?)(\s*(?:#.*)?)$/s;

/** Last value of a key; undefined if the text does not say it. */
export function settingOf(text: string, key: string): string | undefined {
  return settingsIn(text).findLast((one) => one.key === key)?.value;
}

/** Every key with its value, in their order. */
export function settingsIn(text: string): readonly { key: string; value: string }[] {
  return text.split('\n').flatMap((line) => {
    const [, , key, , value = ''] = SETTING.exec(line) ?? [];
    return key === undefined ? [] : [{ key: key.replaceAll('\\', ''), value }];
  });
}

/** The text with `key = value`: wherever the author says it, or else in a line at the end. */
export function setSetting(text: string, key: string, value: string): string {
  let found = false;
  const lines = text.split('\n').map((line) => {
    const [, indent = '', name, equals = '', , rest = ''] = SETTING.exec(line) ?? [];
    if (name?.replaceAll('\\', '') !== key) return line;
    found = true;
    return `${indent}${name}${equals}${value}${rest}`;
  });
  if (found) return lines.join('\n');
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const join = text === '' || text.endsWith('\n') ? '' : newline;
  return `${text}${join}${key} = ${value}${newline}`;
}
