"""Rows of numbers in the processor's vector registers: the vocabulary of the compiled loops.

A row holds one number for each of 8 or 16 filters. How many is known when the loops are compiled:
it is the length of a tuple ``lanes`` that is passed along. Each word is one or a few instructions.

They exist for speed alone. Plain loops over the filters, which Numba leaves to LLVM to vectorise,
were measured beside them: the same algorithm at the paper's sizes, 400 runs of 200 epochs, paired
rounds, AMD Zen 4, Numba 0.68.1. They took 2.2 to 3 times as long, and a first call took 9.4 to
10.5 s in place of 4.5. So did plain loops in C, compiled by gcc 12: 2.6 times.
"""

from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic, models, register_model
from numba.np import arrayobj

FUSED = ("contract", "nsz")  # a product and a sum may be rounded once


def row_length(filters):
    """How many filters share a row: 16, or 8 where rows of 16 would hold more empty places.

    A row of 16 uses each entry of the Gram matrix that was read for twice as many filters.
    """
    eights = -(-filters // 8)
    return 16 if eights % 2 == 0 else 8


class Row(types.Type):
    """The type of a row: numbers in the processor's vector registers."""

    def __init__(self, number, lanes):
        self.number = number
        super().__init__(name=f"Row({number}, {lanes})")
        self.lanes = lanes
        self.alignment = min(64, lanes * number.bitwidth // 8)  # bytes


@register_model(Row)
class _RowModel(models.PrimitiveModel):
    def __init__(self, manager, row):
        number = manager.lookup(row.number).get_value_type()
        super().__init__(manager, row, ir.VectorType(number, row.lanes))


def _constants(indices):
    return ir.Constant(ir.VectorType(ir.IntType(32), len(indices)), indices)


def _row_address(builder, numbers, index, row):
    offset = builder.mul(index, ir.Constant(index.type, row.count))
    return builder.bitcast(builder.gep(numbers, [offset]), row.as_pointer())


@intrinsic
def pointer(_, array):
    """The address of an array. Whoever made the array keeps it alive."""

    def generate(context, builder, signature, args):
        return arrayobj.make_array(signature.args[0])(context, builder, args[0]).data

    return types.CPointer(array.dtype)(array), generate


@intrinsic
def item(_, numbers, index):
    """The number at a place behind a pointer."""

    def generate(context, builder, signature, args):
        return builder.load(builder.gep(args[0], [args[1]]))

    return numbers.dtype(numbers, types.intp), generate


@intrinsic
def store(_, numbers, index, number):
    """Overwrite the number at a place behind a pointer."""

    def generate(context, builder, signature, args):
        builder.store(args[2], builder.gep(args[0], [args[1]]))
        return context.get_dummy_value()

    return types.void(numbers, types.intp, numbers.dtype), generate


@intrinsic
def behind(_, numbers, count):
    """The address ``count`` numbers further on."""

    def generate(context, builder, signature, args):
        return builder.gep(args[0], [args[1]])

    return numbers(numbers, types.intp), generate


@intrinsic
def load_row(_, numbers, index, lanes):
    """Row ``index`` behind a pointer."""

    def generate(context, builder, signature, args):
        registers = context.get_value_type(signature.return_type)
        return builder.load(_row_address(builder, *args[:2], registers), align=row.alignment)

    row = Row(numbers.dtype, lanes.count)
    return row(numbers, types.intp, lanes), generate


@intrinsic
def store_row(_, numbers, index, row):
    """Overwrite row ``index`` behind a pointer."""

    def generate(context, builder, signature, args):
        address = _row_address(builder, *args[:2], args[2].type)
        builder.store(args[2], address, align=row.alignment)
        return context.get_dummy_value()

    return types.void(numbers, types.intp, row), generate


@intrinsic
def load_numbers(_, numbers, index, lanes):
    """The numbers from a place on, wherever that is, as a row."""

    def generate(context, builder, signature, args):
        registers = context.get_value_type(signature.return_type)
        address = builder.bitcast(builder.gep(args[0], [args[1]]), registers.as_pointer())
        return builder.load(address, align=numbers.dtype.bitwidth // 8)

    row = Row(numbers.dtype, lanes.count)
    return row(numbers, types.intp, lanes), generate


@intrinsic
def store_numbers(_, numbers, index, row):
    """Overwrite the numbers from a place on, wherever that is."""

    def generate(context, builder, signature, args):
        address = builder.bitcast(builder.gep(args[0], [args[1]]), args[2].type.as_pointer())
        builder.store(args[2], address, align=row.number.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(numbers, types.intp, row), generate


@intrinsic
def local_rows(_, zero, lanes, rows):
    """A pointer to as many rows as the tuple ``rows`` is long, on the stack of this function.

    What is stored there and loaded again stays in registers, where the loops are unrolled.
    """

    def generate(context, builder, signature, args):
        registers = context.get_value_type(Row(zero, lanes.count))
        space = cgutils.alloca_once(builder, ir.ArrayType(registers, rows.count))
        space.align = 64
        number = context.get_value_type(zero).as_pointer()
        return builder.bitcast(space, number)

    return types.CPointer(zero)(zero, lanes, rows), generate


@intrinsic
def row_of(_, number, lanes):
    """A row of equal numbers."""

    def generate(context, builder, signature, args):
        registers = context.get_value_type(signature.return_type)
        nothing = ir.Constant(registers, ir.Undefined)
        single = builder.insert_element(nothing, args[0], ir.Constant(ir.IntType(32), 0))
        return builder.shuffle_vector(single, nothing, _constants([0] * registers.count))

    return Row(number, lanes.count)(number, lanes), generate


def _arithmetic(operation, flags):
    @intrinsic
    def apply(_, a, b):
        def generate(context, builder, signature, args):
            return getattr(builder, operation)(*args, flags=flags)

        return a(a, b), generate

    return apply


add, multiply = _arithmetic("fadd", FUSED), _arithmetic("fmul", FUSED)
add_rounded, multiply_rounded = _arithmetic("fadd", ()), _arithmetic("fmul", ())


@intrinsic
def flip(_, row, number):
    """A row, with opposite sign if the number is −0.0; the row itself if it is 0.0."""

    def generate(context, builder, signature, args):
        count, bits = args[0].type.count, signature.args[1].bitwidth
        bits = ir.VectorType(ir.IntType(bits), count)
        nothing = ir.Constant(args[0].type, ir.Undefined)
        single = builder.insert_element(nothing, args[1], ir.Constant(ir.IntType(32), 0))
        sign = builder.shuffle_vector(single, nothing, _constants([0] * count))
        flipped = builder.xor(builder.bitcast(args[0], bits), builder.bitcast(sign, bits))
        return builder.bitcast(flipped, args[0].type)

    return row(row, number), generate


@intrinsic
def opposite_halves(_, number, lanes):
    """A row of equal numbers in the first half, and of their opposites in the second."""

    def generate(context, builder, signature, args):
        registers = context.get_value_type(signature.return_type)
        nothing, zero = ir.Constant(registers, ir.Undefined), ir.Constant(ir.IntType(32), 0)
        single = builder.insert_element(nothing, args[0], zero)
        row = builder.shuffle_vector(single, nothing, _constants([0] * registers.count))
        half = registers.count // 2
        places = list(range(half)) + list(range(registers.count + half, 2 * registers.count))
        return builder.shuffle_vector(row, builder.fneg(row), _constants(places))

    return Row(number, lanes.count)(number, lanes), generate


@intrinsic
def positive_part(_, row):
    """max(z, 0) for each number of a row."""

    def generate(context, builder, signature, args):
        zero = ir.Constant(args[0].type, [0.0] * args[0].type.count)
        return builder.select(builder.fcmp_ordered(">", args[0], zero), args[0], zero)

    return row(row), generate


def _halves(builder, row):
    half, nothing = row.type.count // 2, ir.Constant(row.type, ir.Undefined)
    low = builder.shuffle_vector(row, nothing, _constants(list(range(half))))
    return low, builder.shuffle_vector(row, nothing, _constants(list(range(half, 2 * half))))


def _sum(builder, sums):
    while sums.type.count > 1:
        sums = builder.fadd(*_halves(builder, sums))
    return builder.extract_element(sums, ir.Constant(ir.IntType(32), 0))


@intrinsic
def total(_, row):
    """The sum of a row."""

    def generate(context, builder, signature, args):
        return _sum(builder, args[0])

    return row.number(row), generate


@intrinsic
def difference(_, row):
    """The sum of the first half of a row less that of the second, added in the order of total."""

    def generate(context, builder, signature, args):
        return _sum(builder, builder.fsub(*_halves(builder, args[0])))

    return row.number(row), generate


# Numbers that another thread reads or writes meanwhile.


@intrinsic
def load_shared(_, numbers):
    """The number behind a pointer, read anew each time."""

    def generate(context, builder, signature, args):
        return builder.load_atomic(args[0], "monotonic", 8)

    return numbers.dtype(numbers), generate


@intrinsic
def store_shared(_, numbers, number):
    """Overwrite the number behind a pointer, for others to see."""

    def generate(context, builder, signature, args):
        builder.store_atomic(args[1], args[0], "monotonic", 8)
        return context.get_dummy_value()

    return types.void(numbers, numbers.dtype), generate


@intrinsic
def where_positive(_, row, chosen):
    """``chosen`` where a row is positive or not a number, and 0 elsewhere."""

    def generate(context, builder, signature, args):
        zero = ir.Constant(args[0].type, [0.0] * args[0].type.count)
        return builder.select(builder.fcmp_unordered(">", args[0], zero), args[1], zero)

    return row(row, row), generate
