/**
 * The tensor IR: a model as values defined by indexed comprehensions. Enters from elaboration; every pass takes a {@link
 * tfx.ir.Program} and gives one back; leaves as scheduled kernels. An engine that runs any program is correct before and
 * after every pass.
 */
package tfx.ir;
