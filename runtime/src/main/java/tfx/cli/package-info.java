/**
 * The command line. Enters: arguments; leaves: text or JSON on the standard streams and an exit code (0 fine, 1 the user's
 * input is at fault, 2 usage, 70 our bug). Commands only read options and show results; the work is in the packages below.
 */
@org.jspecify.annotations.NullMarked
package tfx.cli;
