import js from '@eslint/js';
import jsxA11y from 'eslint-plugin-jsx-a11y';
import reactHooks from 'eslint-plugin-react-hooks';
import globals from 'globals';
import tseslint from 'typescript-eslint';

/** Imports run one way: client → react → app. */
function closed(files, group, message) {
  return { files, rules: { 'no-restricted-imports': ['error', { patterns: [{ group, message }] }] } };
}

/** No text ever becomes markup or code. What a message says is put into text nodes, by React. */
const MARKUP = ['innerHTML', 'outerHTML', 'srcdoc', 'dangerouslySetInnerHTML'];
const MAKES_MARKUP = ['insertAdjacentHTML', 'setHTMLUnsafe', 'setHTML', 'parseHTMLUnsafe', 'createContextualFragment'];
const INERT = 'No text ever becomes markup: use text nodes, or React.';
const inert = [
  { selector: `JSXAttribute[name.name=/^(${MARKUP.join('|')})$/i]`, message: INERT },
  { selector: `Property[key.name=/^(${MARKUP.join('|')})$/]`, message: INERT },
  { selector: `AssignmentExpression > MemberExpression.left[property.name=/^(${MARKUP.join('|')})$/]`, message: INERT },
  { selector: `CallExpression > MemberExpression.callee[property.name=/^(${MAKES_MARKUP.join('|')})$/]`, message: INERT },
  { selector: "CallExpression > MemberExpression.callee[object.name='document'][property.name=/^(write|writeln)$/]", message: INERT },
  { selector: "JSXOpeningElement[name.name='a']:has(JSXAttribute[name.name='target']):not(:has(JSXAttribute[name.name='rel']))", message: 'A link that opens elsewhere says rel="noopener".' },
];

export default tseslint.config(
  { ignores: ['node_modules', 'public'] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  reactHooks.configs.flat.recommended,
  jsxA11y.flatConfigs.strict,
  {
    languageOptions: {
      globals: globals.browser,
      parserOptions: { projectService: { allowDefaultProject: ['eslint.config.js', 'scripts/*.mjs'] }, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'max-lines': ['error', { max: 400 }],
      eqeqeq: 'error',
      'no-eval': 'error',
      'no-new-func': 'error',
      'no-restricted-syntax': ['error', ...inert],
    },
  },
  { files: ['src/**'], rules: { 'no-script-url': 'error' } },
  closed(['src/client/**'], ['react', 'react-dom', '**/react/**', '**/app/**'], 'The client knows neither React nor the page.'),
  closed(['src/react/**'], ['**/app/**'], 'The hooks know nothing of the page.'),
  {
    files: ['src/client/wire.ts', 'src/client/generated/**'],
    rules: { '@typescript-eslint/consistent-type-definitions': 'off' },
  },
  { files: ['eslint.config.js', 'scripts/*.mjs'], ...tseslint.configs.disableTypeChecked },
  { files: ['scripts/*.mjs'], languageOptions: { globals: globals.node } },
);
