import { describe, expect, it } from 'vitest';

import { ANNOTATION } from '../../../src/api/annotations.ts';
import { comingBack } from '../../../src/desired/coming-back.ts';
import { anOrganization, aTenant } from '../../support/a-tenant.ts';

const nothing = { organization: undefined, tombstone: undefined, predecessor: undefined, requested: undefined };
const dead = (): boolean => false;
const alive = (): boolean => true;
const asking = (id: string) => aTenant({ metadata: { annotations: { [ANNOTATION.adoptOrganization]: id } } });
const retained = anOrganization({ uid: 'old', status: 'retained' });

describe('coming back to a row that is already there', () => {
  it('finds nothing where nothing was kept', () => {
    expect(comingBack(aTenant(), nothing, dead)).toBeUndefined();
  });

  it('takes up a retained row of the same name and subdomain', () => {
    expect(comingBack(aTenant(), { ...nothing, predecessor: retained }, dead)).toEqual({ kind: 'adopt', organization: retained });
  });

  it('asks what to do when the subdomain is another', () => {
    const other = { ...nothing, predecessor: { ...retained, subdomain: 'before' } };
    expect(comingBack(aTenant(), other, dead)).toMatchObject({
      kind: 'refused',
      reason: 'RetainedExists',
      message: expect.stringContaining('"42"'),
    });
  });

  it('takes up the row of a dead predecessor', () => {
    const predecessor = anOrganization({ uid: 'old' });
    expect(comingBack(aTenant(), { ...nothing, predecessor }, dead)).toEqual({ kind: 'adopt', organization: predecessor });
  });

  it('leaves a row alone whose object still exists', () => {
    const predecessor = anOrganization({ uid: 'old' });
    expect(comingBack(aTenant(), { ...nothing, predecessor }, alive)).toBeUndefined();
  });

  it('takes up the row that is asked for by its number', () => {
    expect(comingBack(asking('42'), { ...nothing, requested: { ...retained, name: 'other' } }, dead)).toMatchObject({ kind: 'adopt' });
  });

  it('hands nothing to another namespace, and nothing whose object is still being deleted', () => {
    const elsewhere = { ...nothing, requested: { ...retained, namespace: 'other' } };
    expect(comingBack(asking('42'), elsewhere, dead)).toMatchObject({ reason: 'OrganizationNotFound' });
    expect(comingBack(asking('42'), { ...nothing, requested: retained }, alive)).toMatchObject({ reason: 'OrganizationInUse' });
  });

  it('adopts no second organization under a name that has one', () => {
    const gathered = { ...nothing, requested: { ...retained, name: 'other' }, predecessor: { ...retained, id: 7 } };
    expect(comingBack(asking('42'), gathered, dead)).toMatchObject({ reason: 'RetainedExists', message: expect.stringContaining('7') });
    expect(comingBack(asking('42'), { ...nothing, requested: retained, predecessor: retained }, dead)).toMatchObject({ kind: 'adopt' });
  });

  it('refuses a number that is in use or that does not exist', () => {
    expect(comingBack(asking('42'), { ...nothing, requested: anOrganization({ uid: 'old' }) }, alive)).toMatchObject({
      reason: 'OrganizationInUse',
    });
    expect(comingBack(asking('7'), nothing, dead)).toMatchObject({ reason: 'OrganizationNotFound' });
  });
});
