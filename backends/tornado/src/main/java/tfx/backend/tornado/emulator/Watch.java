package tfx.backend.tornado.emulator;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.ArrayLoadInstruction;
import java.lang.classfile.instruction.ArrayStoreInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;

/** Makes a compiled kernel tell the emulator which elements of arrays it reads and writes, and at which barrier it waits. */
public final class Watch {
    private static final String KERNEL = "run";
    private static final ClassDesc CONTEXT =
            KernelContext.class.describeConstable().orElseThrow();
    private static final ClassDesc FLOATS = ConstantDescs.CD_float.arrayType();
    private static final ClassDesc INTS = ConstantDescs.CD_int.arrayType();
    private static final MethodTypeDesc BARRIER =
            MethodTypeDesc.of(ConstantDescs.CD_void, CONTEXT, ConstantDescs.CD_int);

    private Watch() {}

    /** A kernel's class with its method {@code run}, whose first parameter is the context, watched. */
    public static byte[] over(byte[] kernel) {
        ClassFile files = ClassFile.of();
        return files.transformClass(
                files.parse(kernel),
                ClassTransform.transformingMethodBodies(
                        method -> method.methodName().equalsString(KERNEL), CodeTransform.ofStateful(Calls::new)));
    }

    private static final class Calls implements CodeTransform {
        private int barriers;

        @Override
        public void accept(CodeBuilder code, CodeElement element) {
            switch (element) {
                case ArrayLoadInstruction load when load.opcode() == Opcode.FALOAD -> load(code, FLOATS);
                case ArrayLoadInstruction load when load.opcode() == Opcode.IALOAD -> load(code, INTS);
                case ArrayStoreInstruction store when store.opcode() == Opcode.FASTORE -> store(code, FLOATS);
                case ArrayStoreInstruction store when store.opcode() == Opcode.IASTORE -> store(code, INTS);
                case InvokeInstruction call
                when call.name().equalsString("localBarrier") ->
                    code.loadConstant(++barriers).invokestatic(CONTEXT, "localBarrier", BARRIER);
                default -> code.with(element);
            }
        }

        private static void load(CodeBuilder code, ClassDesc array) {
            code.aload(0)
                    .invokestatic(
                            CONTEXT,
                            "load",
                            MethodTypeDesc.of(array.componentType(), array, ConstantDescs.CD_int, CONTEXT));
        }

        private static void store(CodeBuilder code, ClassDesc array) {
            code.aload(0)
                    .invokestatic(
                            CONTEXT,
                            "store",
                            MethodTypeDesc.of(
                                    ConstantDescs.CD_void,
                                    array,
                                    ConstantDescs.CD_int,
                                    array.componentType(),
                                    CONTEXT));
        }
    }
}
