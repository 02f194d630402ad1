import { expect, it, describe } from '@jest/globals';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EVERY_APP } from '@orders/dev/stack/declarations';
import { ROOT } from '@orders/dev/stack/paths';
import { forbiddenLicences } from './licences.ts';

interface Component {
  name: string;
  group?: string;
  version: string;
  purl: string;
  licenses?: { license?: { id?: string; name?: string }; expression?: string }[];
}
interface Bom {
  metadata: { component: Component };
  components: Component[];
}

const fileOf = (app: string, name: string) => readFileSync(join(ROOT, 'apps', app, 'dist', name), 'utf8');
const nameOf = ({ group, name }: Component) => (group === undefined ? name : `${group}/${name}`);
const licenceOf = ({ licenses: [first] = [] }: Component) =>
  first?.expression ?? first?.license?.id ?? first?.license?.name;

describe.each(EVERY_APP.map(({ name }) => name))('the bill of materials of %s', (app) => {
  const text = fileOf(app, 'sbom.cdx.json');
  const { metadata, components } = JSON.parse(text) as Bom;
  const listed = components.map((component) => `${nameOf(component)} ${component.version}`);

  it('is valid CycloneDX 1.6, of this app', async () => {
    expect(await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text)).toBeNull();
    expect(nameOf(metadata.component)).toBe(`@orders/${app}`);
  });

  it('has each package that is compiled in, and each that stays beside the bundle', () => {
    const compiled = [...fileOf(app, 'LICENSES.txt').matchAll(/^(\S+ \d\S*) \(\S.*\)$/gm)].map(
      ([, each]) => each,
    );
    expect(compiled.length).toBeGreaterThan(20);
    expect(compiled.filter((each) => !listed.includes(each ?? ''))).toEqual([]);
    const { dependencies = {} } = JSON.parse(
      readFileSync(join(ROOT, 'apps', app, 'package.json'), 'utf8'),
    ) as {
      dependencies?: Record<string, string>;
    };
    const beside = Object.entries(dependencies).map((each) => each.join(' '));
    expect(beside.filter((each) => !listed.includes(each))).toEqual([]);
  });

  it('is the same at each build', () => {
    expect(text).not.toMatch(/BomRef|serialNumber|timestamp/);
  });

  it('has no tool and no lib of ours, and names where each package comes from', () => {
    const tools = ['typescript', 'jest', 'nx', 'rolldown', 'eslint', 'fast-check'];
    const names = components.map(nameOf);
    expect(names.filter((name) => tools.includes(name) || name.startsWith('@orders/'))).toEqual([]);
    for (const component of components) expect(component.purl).toMatch(/^pkg:npm\/(%40[^/]+\/)?[^/@]+@\d/);
  });

  it('has only licences that we allow', () => {
    const packages = components.map((component) => ({
      name: nameOf(component),
      license: licenceOf(component),
    }));
    expect(forbiddenLicences(packages)).toEqual([]);
  });
});
