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
    private static final MethodTypeDesc LOAD =
            MethodTypeDesc.of(ConstantDescs.CD_float, FLOATS, ConstantDescs.CD_int, CONTEXT);
    private static final MethodTypeDesc STORE =
            MethodTypeDesc.of(ConstantDescs.CD_void, FLOATS, ConstantDescs.CD_int, ConstantDescs.CD_float, CONTEXT);
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
                case ArrayLoadInstruction load
                when load.opcode() == Opcode.FALOAD -> code.aload(0).invokestatic(CONTEXT, "load", LOAD);
                case ArrayStoreInstruction store
                when store.opcode() == Opcode.FASTORE -> code.aload(0).invokestatic(CONTEXT, "store", STORE);
                case InvokeInstruction call
                when call.name().equalsString("localBarrier") ->
                    code.loadConstant(++barriers).invokestatic(CONTEXT, "localBarrier", BARRIER);
                default -> code.with(element);
            }
        }
    }
}
