declare module 'virtual:emoji-data' {
  /** Made by `vite.plugins.ts`: emoji, name, group, version, words, whether a country's flag, and the five skin tones. */
  type Row = [emoji: string, label: string, group: number, version: number, tags: string, flag: 0 | 1, ...tones: string[]];

  const data: { groups: [index: number, name: string][]; emoji: Row[] };
  export default data;
}
