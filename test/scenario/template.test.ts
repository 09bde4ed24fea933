import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  compileTemplate,
  DEVICE_VARIABLES,
  filterProblem,
  MESSAGE_VARIABLES,
  templateProblem,
  textProblem,
  topicProblem,
} from '../../src/scenario/template.ts';

const values = { n: 7, group: 'pumps', thingName: 'pumps-7' };

describe('compileTemplate', () => {
  it.each([
    ['plain', 'plain'],
    ['pump-{{n}}', 'pump-7'],
    ['{{ n }}', '7'],
    ['{{n:4}}', '0007'],
    ['{{group}}/{{thingName}}/{{n:2}}', 'pumps/pumps-7/07'],
    ['{{n}}{{n}}', '77'],
    ['{"seq":{{n}}}', '{"seq":7}'],
    ['{n} }} {', '{n} }} {'],
  ])('renders %s as %s', (text, rendered) => {
    expect(compileTemplate(text).render(values)).toBe(rendered);
  });

  it('renders any text without placeholders as it is', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!text.includes('{{'));
        expect(compileTemplate(text).render(values)).toBe(text);
        expect(compileTemplate(text).variables).toEqual([]);
      }),
    );
  });

  it('does not render what a value brings with it', () => {
    expect(compileTemplate('{{group}}').render({ group: '{{n}}', n: 7 })).toBe('{{n}}');
  });

  it('names its placeholders in order', () => {
    expect(compileTemplate('{{n}}-{{group}}-{{n}}').variables).toEqual(['n', 'group', 'n']);
  });
});

describe('templateProblem', () => {
  it.each(['', 'x', '{{n}}', '{{n:99}}', '{"at":{{n}}}'])('has nothing against %j', (text) => {
    expect(templateProblem(text, DEVICE_VARIABLES)).toBeUndefined();
  });

  it.each(['{{', '{{n', '{{n:}}', '{{n:100}}', '{{1}}', '{{}}', '{{n-1}}', '{{seq}}', '{{N}}'])(
    'refuses %j where messages are not meant',
    (text) => {
      expect(templateProblem(text, DEVICE_VARIABLES)).toBeDefined();
    },
  );

  it('lets messages use what is known when they are sent', () => {
    expect(templateProblem('{{seq}}{{at}}{{clientId}}', MESSAGE_VARIABLES)).toBeUndefined();
  });
});

describe('what MQTT allows', () => {
  it.each(['a\u0000', '\ud800', 'a\udc00b'])('is no string with %j', (text) => {
    expect(textProblem(text)).toBeDefined();
  });

  it.each(['a', '😀', '\u0001', '泵'])('is a string with %j', (text) => {
    expect(textProblem(text)).toBeUndefined();
  });

  it('is a topic without wildcards', () => {
    expect(topicProblem('a/b')).toBeUndefined();
    expect(topicProblem('a/+')).toBeDefined();
    expect(topicProblem('#')).toBeDefined();
  });

  it.each(['#', '+', 'a/#', '+/+', 'a/+/b/#', '/', '$SYS/#'])('is the filter %s', (filter) => {
    expect(filterProblem(filter)).toBeUndefined();
  });

  it.each(['a#', '#/a', 'a/#/b', '+a', 'a+/b', '##'])('is not the filter %s', (filter) => {
    expect(filterProblem(filter)).toBeDefined();
  });
});
