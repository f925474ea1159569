using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Reflection;
using System.Reflection.Emit;
using System.Threading;
using ExchangeOnlineRs.Native;

namespace ExchangeOnlineRs.Rows;

/// <summary>What is known of a shape under a type name: its property names and, made once, its class.</summary>
internal sealed class RowClass
{
    /// <summary>
    /// Classes stay for the life of the process, because PowerShell keeps what it learned of them. Beyond these numbers
    /// rows are <see cref="PlainRow"/>s: slower, but they cost nothing that stays.
    /// </summary>
    private const int MostClasses = 400;
    private const int MostClassesPerType = 48;

    /// <summary>Names every .NET object has as methods; a property called so could not be read.</summary>
    private static readonly HashSet<string> Reserved =
        new(StringComparer.OrdinalIgnoreCase) { "Equals", "GetHashCode", "GetType", "ToString", "MemberwiseClone", "Finalize", "GetSlot", "SetSlot", "Clone" };

    /// <summary>
    /// Types whose dates are all UTC: the page of Get-MessageTraceV2 says so of its output, and scripts put its times beside those of
    /// mail headers.
    /// </summary>
    private static readonly HashSet<string> UtcTypes = new(StringComparer.Ordinal) { "Deserialized.Microsoft.Exchange.Management.MessageTraceV2" };

    private static readonly ConcurrentDictionary<(string TypeName, uint Shape), Lazy<RowClass>> Known = new();
    private static readonly ConcurrentDictionary<string, int> ClassesOfType = new();
    private static readonly MethodInfo GetSlot = Method("GetSlot");
    private static readonly MethodInfo SetSlot = Method("SetSlot");
    private static readonly ConstructorInfo BaseConstructor = typeof(Row).GetConstructor(
        BindingFlags.Instance | BindingFlags.NonPublic,
        new[] { typeof(RowPage), typeof(int) })!;

    private static int classes;

    private readonly Dictionary<string, int> slots;
    private readonly bool[] utc;

    private RowClass(string typeName, uint shape, string[] names)
    {
        TypeName = typeName;
        Shape = shape;
        bool all = UtcTypes.Contains(typeName);
        utc = Array.ConvertAll(names, name => all || name.EndsWith("UTC", StringComparison.OrdinalIgnoreCase));
        slots = new Dictionary<string, int>(names.Length, StringComparer.OrdinalIgnoreCase);
        bool clash = false;
        for (int i = 0; i < names.Length; i++)
        {
            // Two names that differ in case only are one property to PowerShell, which refuses such classes.
            clash |= !slots.TryAdd(names[i], i) || names[i].Length == 0 || Reserved.Contains(names[i]);
        }

        IdentitySlot = slots.GetValueOrDefault("Identity", -1);
        NameSlot = slots.GetValueOrDefault("Name", -1);
        if (!clash && names.Length > 0 && TakeClass(typeName))
        {
            Create = Emit(typeName, names);
        }
    }

    internal string TypeName { get; }

    internal uint Shape { get; }

    /// <summary>Number of properties.</summary>
    internal int Width => utc.Length;

    internal int IdentitySlot { get; }

    internal int NameSlot { get; }

    /// <summary>Makes a row of the class; null if there is none.</summary>
    internal Func<RowPage, int, Row>? Create { get; }

    internal static RowClass Of(string typeName, uint shape) => Known.GetOrAdd(
        (typeName, shape),
        static key => new Lazy<RowClass>(() => new RowClass(key.TypeName, key.Shape, NativeCore.ShapeNames(key.Shape)))).Value;

    internal bool TryGetSlot(string name, out int slot) => slots.TryGetValue(name, out slot);

    /// <summary>Whether a date property is UTC: a <c>…UTC</c> twin, or any of a type whose dates are.</summary>
    internal bool IsUtc(int slot) => slot < utc.Length && utc[slot];

    private static bool TakeClass(string typeName) =>
        ClassesOfType.AddOrUpdate(typeName, 1, static (_, n) => n + 1) <= MostClassesPerType
        && Interlocked.Increment(ref classes) <= MostClasses;

    /// <summary>
    /// A class per shape, all with the type's full name, which is what <c>PSTypeNames</c> and the views go by. Names are
    /// unique in an assembly only, so each class has an assembly to itself.
    /// </summary>
    private static Func<RowPage, int, Row> Emit(string typeName, string[] names)
    {
        AssemblyBuilder assembly = AssemblyBuilder.DefineDynamicAssembly(
            new AssemblyName("ExchangeOnlineRs.Rows." + Guid.NewGuid().ToString("N")),
            AssemblyBuilderAccess.Run);
        TypeBuilder type = assembly.DefineDynamicModule("Rows").DefineType(
            typeName,
            TypeAttributes.Public | TypeAttributes.Sealed | TypeAttributes.Class,
            typeof(Row));

        ConstructorBuilder constructor = type.DefineConstructor(
            MethodAttributes.Private,
            CallingConventions.Standard,
            new[] { typeof(RowPage), typeof(int) });
        ILGenerator il = constructor.GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Ldarg_2);
        il.Emit(OpCodes.Call, BaseConstructor);
        il.Emit(OpCodes.Ret);

        MethodBuilder create = type.DefineMethod(
            "Create",
            MethodAttributes.Private | MethodAttributes.Static,
            typeof(Row),
            new[] { typeof(RowPage), typeof(int) });
        il = create.GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Newobj, constructor);
        il.Emit(OpCodes.Ret);

        for (int slot = 0; slot < names.Length; slot++)
        {
            DefineProperty(type, names[slot], slot);
        }

        return type.CreateType().GetMethod("Create", BindingFlags.Static | BindingFlags.NonPublic)!
            .CreateDelegate<Func<RowPage, int, Row>>();
    }

    private static void DefineProperty(TypeBuilder type, string name, int slot)
    {
        const MethodAttributes Accessor = MethodAttributes.Public | MethodAttributes.SpecialName | MethodAttributes.HideBySig;
        PropertyBuilder property = type.DefineProperty(name, PropertyAttributes.None, typeof(object), null);

        MethodBuilder getter = type.DefineMethod("get_" + name, Accessor, typeof(object), Type.EmptyTypes);
        ILGenerator il = getter.GetILGenerator(16);
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldc_I4, slot);
        il.Emit(OpCodes.Call, GetSlot);
        il.Emit(OpCodes.Ret);
        property.SetGetMethod(getter);

        MethodBuilder setter = type.DefineMethod("set_" + name, Accessor, typeof(void), new[] { typeof(object) });
        il = setter.GetILGenerator(16);
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldc_I4, slot);
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Call, SetSlot);
        il.Emit(OpCodes.Ret);
        property.SetSetMethod(setter);
    }

    private static MethodInfo Method(string name) =>
        typeof(Row).GetMethod(name, BindingFlags.Instance | BindingFlags.NonPublic)!;
}
