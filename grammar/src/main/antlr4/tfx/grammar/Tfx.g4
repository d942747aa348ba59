// The grammar of spec/language.md, section 2. Every decision takes one token of lookahead; what would need more
// (words that are keywords only in their place, lambdas, calls with dimensions, brackets at the start of a line) is
// settled on the tokens beforehand by tfx.grammar.Tokens, which gives them the types listed under `tokens`.
// Operators come as a flat list here; tfx.grammar.Operators orders them by precedence.
grammar Tfx;

options { superClass = LimitedParser; }

tokens {
  LABEL,                                              // a name before a colon
  LAYERS, IN, NAMED, CONFIG, WEIGHTS, NAMES, PREFIX, IGNORE, WHEN, ID, REAL, TRANSFORM, ON,
  LAMBDA_PAREN,                                       // ( of (a, b) => e
  DIMS_BRACKET,                                       // [ of f[a -> b](c)
  LINE_PAREN, LINE_BRACKET                            // ( and [ at the start of a line: they continue no expression
}

file: importLine* declaration* EOF;
importLine: IMPORT TEXT;
declaration: block | model | variant;
block: BLOCK name blockDims? formals body;
model: MODEL name formals modelBody;
variant: VARIANT name formals? OF name variantBody;

blockDims: openBracket dims (ARROW dims)? RIGHT_BRACKET;
dims: name (COMMA name)*;
formals: (LEFT_PAREN | LINE_PAREN) (formal (COMMA formal)*)? RIGHT_PAREN;
formal: name shape? (ASSIGN expr)?;
shape: openBracket dim (COMMA dim)* RIGHT_BRACKET;
dim: name | DOTS;
openBracket: LEFT_BRACKET | LINE_BRACKET | DIMS_BRACKET;

body: LEFT_BRACE statement* RIGHT_BRACE;
modelBody: LEFT_BRACE (statement | clause)* RIGHT_BRACE;
variantBody: LEFT_BRACE (setting | clause)* RIGHT_BRACE;

statement: parameter | returned | input | output | layers | definition;
parameter: PARAM name shape (ASSIGN expr)?;
returned: RETURN expr;
input: INPUT name openBracket inputDim (COMMA inputDim)* RIGHT_BRACKET COLON (ID (LEFT_PAREN | LINE_PAREN) expr RIGHT_PAREN | REAL);
inputDim: name (LESS_EQUAL expr)?;
output: OUTPUT name shape? ASSIGN expr;
layers: LAYERS name IN expr DOTS expr (NAMED name)? body;
definition: name shape? ASSIGN expr;

clause: config | weights | names | transform;
config: CONFIG TEXT configBody;
configBody: LEFT_BRACE setting* RIGHT_BRACE;
setting: name ASSIGN expr;
weights: WEIGHTS TEXT weightsBody;
weightsBody: LEFT_BRACE weightLine* RIGHT_BRACE;
weightLine: prefixLine | ignoreLine | weight;
prefixLine: PREFIX TEXT (OR TEXT)*;
ignoreLine: IGNORE TEXT (WHEN expr)?;
weight: path (openBracket dims RIGHT_BRACKET)? ASSIGN official (OR official)* (WHEN expr)?;
official: TEXT (LEFT_BRACKET expr (COMMA expr)* RIGHT_BRACKET)?;
names: NAMES namesBody;
namesBody: LEFT_BRACE nameLine* RIGHT_BRACE;
nameLine: ignoreLine | valueLine;
valueLine: path (openBracket dims RIGHT_BRACKET)? ASSIGN official (WHEN expr)?;
transform: TRANSFORM expr ON path shape?;
path: segment (DOT segment)*;
segment: name | LEFT_BRACE name DOTS? RIGHT_BRACE;

expr: conditional | lambda | operation (WHERE choice)?;
choice: conditional | lambda | operation;
conditional: IF expr THEN expr ELSE expr;
lambda: LAMBDA_PAREN dims RIGHT_PAREN DOUBLE_ARROW expr;
operation: operand (operator operand)*;
operator: FALLBACK | OR | AND | LESS | LESS_EQUAL | GREATER | GREATER_EQUAL | EQUAL | UNEQUAL
    | PLUS | MINUS | TIMES | DIVIDE | DIV | MOD | POWER;
operand: prefix* primary suffix*;
prefix: MINUS | NOT;
suffix: DIMS_BRACKET dims (ARROW dims)? RIGHT_BRACKET call
    | call
    | LEFT_BRACKET index (COMMA index)* RIGHT_BRACKET
    | AT primary
    | DOT name;
call: LEFT_PAREN (argument (COMMA argument)*)? RIGHT_PAREN;
argument: (LABEL COLON)? expr;
index: DOTS | expr;
primary: NUMBER | TEXT | TRUE | FALSE | NONE | name | (LEFT_PAREN | LINE_PAREN) expr RIGHT_PAREN;
name: NAME;

IMPORT: 'import';
BLOCK: 'block';
MODEL: 'model';
VARIANT: 'variant';
OF: 'of';
PARAM: 'param';
RETURN: 'return';
INPUT: 'input';
OUTPUT: 'output';
WHERE: 'where';
IF: 'if';
THEN: 'then';
ELSE: 'else';
AND: 'and';
OR: 'or';
NOT: 'not';
DIV: 'div';
MOD: 'mod';
TRUE: 'true';
FALSE: 'false';
NONE: 'none';

LEFT_PAREN: '(';
RIGHT_PAREN: ')';
LEFT_BRACKET: '[';
RIGHT_BRACKET: ']';
LEFT_BRACE: '{';
RIGHT_BRACE: '}';
COMMA: ',';
COLON: ':';
DOTS: '..';
DOT: '.';
AT: '@';
ASSIGN: '=';
ARROW: '->';
DOUBLE_ARROW: '=>';
FALLBACK: '??';
LESS: '<';
LESS_EQUAL: '<=';
GREATER: '>';
GREATER_EQUAL: '>=';
EQUAL: '==';
UNEQUAL: '!=';
PLUS: '+';
MINUS: '-';
TIMES: '*';
DIVIDE: '/';
POWER: '^';

NAME: [A-Za-z_] [A-Za-z0-9_]*;
NUMBER: DIGITS ('.' DIGITS)? ([eE] [+-]? DIGITS)?;
BAD_NUMBER: NUMBER [A-Za-z_] [A-Za-z0-9_]*;
TEXT: '"' (~["\\\r\n] | '\\' ~[\r\n])* '"';
OPEN_TEXT: '"' (~["\\\r\n] | '\\' ~[\r\n])* '\\'?;
fragment DIGITS: [0-9]+;

DOC: '///' ~[\r\n]* -> channel(HIDDEN);
COMMENT: '//' ~[\r\n]* -> channel(HIDDEN);
SPACE: [ \t\r\n]+ -> skip;
UNKNOWN: .;
