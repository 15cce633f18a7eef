// @vitest-environment jsdom
/** Pictures in a message, and over the page. */

import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { boxOf, ImageGrid, type Picture } from '../../src/app/media/ImageGrid';
import { Lightbox } from '../../src/app/media/Lightbox';
import { moved, swipeOf, WHOLE, zoomed } from '../../src/app/media/zoom';

const pictures: Picture[] = Array.from({ length: 6 }, (_, index) => ({
  url: `/full/${index}`,
  thumbnailUrl: `/thumb/${index}`,
  width: 1_200,
  height: 800,
  name: `photo ${index + 1}.jpg`,
}));

beforeEach(() => {
  // jsdom has the element, and not yet its modal part.
  HTMLDialogElement.prototype.showModal = function (this: HTMLDialogElement) {
    this.open = true;
  };
  HTMLDialogElement.prototype.close = function (this: HTMLDialogElement) {
    this.open = false;
  };
});

afterEach(cleanup);

describe('the grid', () => {
  test('shows four and how many more there are, and opens the one that was chosen', async () => {
    const opened: number[] = [];
    render(<ImageGrid pictures={pictures} onOpen={(index) => opened.push(index)} />);
    const cells = screen.getAllByRole('button');
    expect(cells).toHaveLength(4);
    expect(cells[3]?.textContent).toBe('+2');
    expect(cells[3]?.getAttribute('aria-label')).toBe('Open picture 4 of 6, photo 4.jpg, and 2 more');
    if (cells[1]) await userEvent.click(cells[1]);
    expect(opened).toEqual([1]);
  });

  test('one picture has its own shape, within bounds, before it has come', () => {
    expect(boxOf({ width: 1_200, height: 800 })).toEqual({ width: 360, aspectRatio: '360 / 240' });
    expect(boxOf({ width: 100, height: 5_000 })).toEqual({ width: 96, aspectRatio: '96 / 400' });
    expect(boxOf({ width: 0, height: 0 })).toEqual({ width: 96, aspectRatio: '96 / 96' });
    const { container } = render(<ImageGrid pictures={pictures.slice(0, 1)} onOpen={() => undefined} />);
    const grid = container.querySelector<HTMLElement>('.image-grid');
    expect([grid?.style.width, grid?.style.aspectRatio]).toEqual(['360px', '360 / 240']);
  });

  test('a picture that does not come leaves its box', () => {
    const { container } = render(<ImageGrid pictures={pictures.slice(0, 1)} onOpen={() => undefined} />);
    const image = container.querySelector('img');
    if (image) fireEvent.error(image);
    expect(container.querySelector('img')).toBeNull();
    expect(screen.getByRole('button', { name: 'Open picture photo 1.jpg' })).toBeDefined();
  });
});

describe('the lightbox', () => {
  function lightbox(start = 1, count = 5) {
    const heard = { closed: 0 };
    render(<Lightbox pictures={pictures.slice(0, count)} start={start} onClose={() => (heard.closed += 1)} />);
    return { heard, user: userEvent.setup(), said: () => screen.getByRole('status').textContent };
  }

  test('says which one it is, and goes through them by key', async () => {
    const { user, said } = lightbox();
    expect(said()).toBe('2 of 5, photo 2.jpg');
    expect(document.activeElement).toBe(screen.getByRole('button', { name: 'Close' }));
    await user.keyboard('{ArrowRight}');
    expect(said()).toBe('3 of 5, photo 3.jpg');
    await user.keyboard('{End}{ArrowRight}');
    expect(said()).toBe('5 of 5, photo 5.jpg');
    await user.keyboard('{Home}{ArrowLeft}');
    expect(said()).toBe('1 of 5, photo 1.jpg');
    expect(screen.getByRole('link', { name: 'Download' }).getAttribute('href')).toBe('/full/0?download=true');
  });

  test('the focus stays on a button that has come to its end', async () => {
    const { user, said } = lightbox(3);
    const next = screen.getByRole('button', { name: 'Next picture' });
    await user.click(next);
    expect(said()).toMatch(/^5 of 5/);
    expect(document.activeElement).toBe(next);
    expect(next.getAttribute('aria-disabled')).toBe('true');
    await user.keyboard('{ArrowLeft}');
    expect(said()).toMatch(/^4 of 5/);
  });

  test('the small picture stands in until the large one has come; one that fails says so', () => {
    lightbox(0, 1);
    const full = screen.getByRole('img', { name: 'photo 1.jpg' });
    const images = () => [...document.querySelectorAll('img')].map((image) => image.getAttribute('src'));
    expect(images()).toEqual(['/thumb/0', '/full/0']);
    fireEvent.load(full);
    expect(images()).toEqual(['/full/0']);
    fireEvent.error(full);
    expect(screen.getByRole('alert').textContent).toContain('could not be loaded');
  });

  test('zooms by key and button, and another picture is whole again', async () => {
    const { user } = lightbox();
    const scale = () => /scale\(([\d.]+)\)/.exec(document.querySelector<HTMLElement>('.lightbox-picture')?.style.transform ?? '')?.[1];
    await user.keyboard('+');
    expect(scale()).toBe('1.5');
    await user.click(screen.getByRole('button', { name: 'Zoom in' }));
    expect(scale()).toBe('2.25');
    await user.keyboard('0');
    expect(scale()).toBe('1');
    await user.keyboard('+{Home}');
    expect(scale()).toBe('1');
  });

  test('a swipe turns the page, and Escape closes', () => {
    const { heard, said } = lightbox();
    const stage = document.querySelector('.lightbox-stage');
    if (stage === null) throw new Error('expected a stage');
    const pointer = (type: string, clientX: number) => fireEvent(stage, new MouseEvent(type, { bubbles: true, clientX, clientY: 0 }));
    pointer('pointerdown', 200);
    pointer('pointermove', 60);
    pointer('pointerup', 60);
    expect(said()).toMatch(/^3 of 5/);
    fireEvent(screen.getByRole('dialog'), new Event('cancel', { cancelable: true }));
    expect(heard.closed).toBe(1);
  });
});

describe('zoom', () => {
  const size = { width: 400, height: 300 };
  const point = fc.record({ x: fc.integer({ min: -200, max: 200 }), y: fc.integer({ min: -150, max: 150 }) });

  test('the frame stays covered, whatever is done', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ factor: fc.double({ min: 0.1, max: 10, noNaN: true }), at: point, by: point }), { maxLength: 20 }), (steps) => {
        const view = steps.reduce((before, { factor, at, by }) => moved(zoomed(before, factor, at, size), by, size), WHOLE);
        expect(view.scale).toBeGreaterThanOrEqual(1);
        expect(Math.abs(view.x)).toBeLessThanOrEqual((size.width * (view.scale - 1)) / 2);
        expect(Math.abs(view.y)).toBeLessThanOrEqual((size.height * (view.scale - 1)) / 2);
      }),
    );
  });

  test('what is under the pointer stays there', () => {
    const view = zoomed(WHOLE, 2, { x: 50, y: -20 }, size);
    expect(view).toEqual({ scale: 2, x: -50, y: 20 });
  });

  test('a finger means what it mostly did', () => {
    expect([{ x: -80, y: 10 }, { x: 80, y: -10 }, { x: 10, y: 160 }, { x: 30, y: 30 }, { x: 0, y: 0 }].map(swipeOf)).toEqual(['next', 'previous', 'close', null, null]);
  });
});
