using System;
using System.Collections.Generic;
using System.Management.Automation;
using System.Reflection;
using System.Reflection.Emit;
using ExchangeOnlineRs.Cmdlets;
using ExchangeOnlineRs.Completion;

namespace ExchangeOnlineRs.Additions;

/// <summary>Emits the class of a cmdlet that came in a catalog file: what the build makes of the module's own catalog.</summary>
internal sealed class EmittedClasses
{
    private static readonly ConstructorInfo BaseConstructor = typeof(ServiceCmdlet).GetConstructor(
        BindingFlags.Instance | BindingFlags.NonPublic, new[] { typeof(ServiceCmdletDefinition) })!;

    private static readonly ConstructorInfo DefinitionConstructor =
        typeof(ServiceCmdletDefinition).GetConstructor(new[] { typeof(string), typeof(string) })!;

    private readonly ModuleBuilder module;

    /// <summary>Begins an assembly.</summary>
    /// <param name="name">Its name.</param>
    internal EmittedClasses(string name) =>
        module = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName(name), AssemblyBuilderAccess.Run).DefineDynamicModule(name);

    /// <summary>The class of a cmdlet.</summary>
    internal ServiceCmdletClass Emit(CatalogCmdlet cmdlet)
    {
        TypeBuilder builder = module.DefineType(
            $"ExchangeOnlineRs.Added.{cmdlet.Verb}{cmdlet.Noun}Command", TypeAttributes.Public | TypeAttributes.Class, typeof(ServiceCmdlet));
        builder.SetCustomAttribute(CmdletAttributeOf(cmdlet));
        string rowType = RowType(cmdlet.Noun);
        if (cmdlet.Verb is "Get" or "New" or "Search")
        {
            builder.SetCustomAttribute(TextsAttribute(typeof(OutputTypeAttribute), new[] { rowType }));
        }

        EmitConstructor(builder, cmdlet, rowType);
        foreach (CatalogParameter parameter in cmdlet.Parameters)
        {
            EmitParameter(builder, cmdlet.Noun, parameter);
        }

        Type type = builder.CreateType();
        return new ServiceCmdletClass(type, type.GetCustomAttribute<CmdletAttribute>()!, Array.Empty<string>());
    }

    private static CustomAttributeBuilder CmdletAttributeOf(CatalogCmdlet cmdlet)
    {
        var named = new List<(string Name, object Value)>();
        if (cmdlet.DefaultSet is { } set)
        {
            named.Add((nameof(CmdletAttribute.DefaultParameterSetName), set));
        }

        if (cmdlet.AsksForConfirmation)
        {
            named.Add((nameof(CmdletAttribute.SupportsShouldProcess), true));
            named.Add((nameof(CmdletAttribute.ConfirmImpact), cmdlet.HasHighImpact ? ConfirmImpact.High : ConfirmImpact.Medium));
        }

        return Attribute(typeof(CmdletAttribute), new[] { typeof(string), typeof(string) }, new object[] { cmdlet.Verb, cmdlet.Noun }, named);
    }

    /// <summary>The type name of rows: that of the noun's other cmdlets, if the module has any.</summary>
    private static string RowType(string noun)
    {
        foreach (ServiceCmdletClass known in ServiceCmdletCatalog.All)
        {
            if (known.Noun.Equals(noun, StringComparison.OrdinalIgnoreCase))
            {
                return known.Definition.RowType;
            }
        }

        return "Deserialized.Microsoft.Exchange.Management." + noun;
    }

    private static void EmitConstructor(TypeBuilder builder, CatalogCmdlet cmdlet, string rowType)
    {
        bool isRead = cmdlet.Verb is "Get" or "Search" or "Test";
        bool hasPages = false;
        foreach (CatalogParameter parameter in cmdlet.Parameters)
        {
            hasPages |= IsPaging(parameter);
        }

        ILGenerator code = builder.DefineConstructor(MethodAttributes.Public, CallingConventions.Standard, Type.EmptyTypes).GetILGenerator();
        code.Emit(OpCodes.Ldarg_0);
        code.Emit(OpCodes.Ldstr, cmdlet.Name);
        code.Emit(OpCodes.Ldstr, rowType);
        code.Emit(OpCodes.Newobj, DefinitionConstructor);
        foreach ((string property, int value) in new[]
        {
            (nameof(ServiceCmdletDefinition.Surface), (int)cmdlet.Surface),
            (nameof(ServiceCmdletDefinition.IsRead), isRead ? 1 : 0),
            (nameof(ServiceCmdletDefinition.AsksForConfirmation), cmdlet.AsksForConfirmation ? 1 : 0),
            (nameof(ServiceCmdletDefinition.HasHighImpact), cmdlet.HasHighImpact ? 1 : 0),
            (nameof(ServiceCmdletDefinition.HasPagedResults), hasPages ? 1 : 0),
        })
        {
            code.Emit(OpCodes.Dup);
            code.Emit(OpCodes.Ldc_I4, value);
            code.Emit(OpCodes.Call, typeof(ServiceCmdletDefinition).GetProperty(property)!.SetMethod!);
        }

        code.Emit(OpCodes.Call, BaseConstructor);
        code.Emit(OpCodes.Ret);
    }

    private static void EmitParameter(TypeBuilder builder, string noun, CatalogParameter parameter)
    {
        Action<CustomAttributeBuilder> attach = Member(builder, parameter.Name, ParameterType(parameter));
        foreach ((string set, CatalogBinding binding) in parameter.Bindings)
        {
            var named = new List<(string Name, object Value)>
            {
                (nameof(ParameterAttribute.Mandatory), binding.IsMandatory),
                (nameof(ParameterAttribute.ValueFromPipeline), binding.TakesObject),
                (nameof(ParameterAttribute.ValueFromPipelineByPropertyName), binding.TakesProperty),
            };
            if (!parameter.NamesNoSet)
            {
                named.Add((nameof(ParameterAttribute.ParameterSetName), set));
            }

            if (binding.Position is { } position)
            {
                named.Add((nameof(ParameterAttribute.Position), position));
            }

            attach(Attribute(typeof(ParameterAttribute), Type.EmptyTypes, Array.Empty<object>(), named));
            if (parameter.NamesNoSet)
            {
                break;
            }
        }

        if (parameter.Aliases.Count > 0)
        {
            attach(TextsAttribute(typeof(AliasAttribute), parameter.Aliases));
        }

        if (parameter.AcceptedValues.Count > 0)
        {
            attach(TextsAttribute(typeof(AcceptedValuesAttribute), parameter.AcceptedValues));
        }
        else if (TenantOffer.IsAddress(parameter))
        {
            attach(Attribute(typeof(TenantAddressAttribute)));
        }
        else if (TenantOffer.Listing(noun, parameter) is { Count: > 0 } listing)
        {
            attach(TextsAttribute(typeof(TenantObjectsAttribute), listing));
        }

        if (IsPaging(parameter))
        {
            attach(Attribute(typeof(ValidateResultSizeAttribute)));
        }

        if (SendsNumbers(parameter))
        {
            attach(Attribute(typeof(SendsNumbersAttribute)));
        }

        if (ParameterType(parameter) == typeof(bool?))
        {
            attach(Attribute(typeof(BooleanValueAttribute)));
        }

        if (TakesFlags(parameter))
        {
            attach(Attribute(typeof(FlagListAttribute)));
        }
    }

    /// <summary>Whether a list of names is one value, as for compiled cmdlets.</summary>
    private static bool TakesFlags(CatalogParameter parameter)
    {
        string name = ShortName(parameter.TypeName);
        return name.EndsWith("Flags", StringComparison.Ordinal) || name is "DaysOfWeek" or "WellKnownRecipientType";
    }

    /// <summary>
    /// Defines the member of a parameter: a field, or a property where the engine's class has one of that name, which the engine would
    /// find first and cannot set.
    /// </summary>
    /// <returns>What adds an attribute to it.</returns>
    private static Action<CustomAttributeBuilder> Member(TypeBuilder builder, string name, Type type)
    {
        if (typeof(PSCmdlet).GetProperty(name, BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase) is null)
        {
            return builder.DefineField(name, type, FieldAttributes.Public).SetCustomAttribute;
        }

        FieldBuilder field = builder.DefineField("value_" + name, type, FieldAttributes.Private);
        PropertyBuilder property = builder.DefineProperty(name, PropertyAttributes.None, type, null);
        const MethodAttributes Accessor = MethodAttributes.Public | MethodAttributes.HideBySig | MethodAttributes.SpecialName;

        MethodBuilder getter = builder.DefineMethod("get_" + name, Accessor, type, Type.EmptyTypes);
        ILGenerator code = getter.GetILGenerator();
        code.Emit(OpCodes.Ldarg_0);
        code.Emit(OpCodes.Ldfld, field);
        code.Emit(OpCodes.Ret);
        property.SetGetMethod(getter);

        MethodBuilder setter = builder.DefineMethod("set_" + name, Accessor, null, new[] { type });
        code = setter.GetILGenerator();
        code.Emit(OpCodes.Ldarg_0);
        code.Emit(OpCodes.Ldarg_1);
        code.Emit(OpCodes.Stfld, field);
        code.Emit(OpCodes.Ret);
        property.SetSetMethod(setter);
        return property.SetCustomAttribute;
    }

    private static bool SendsNumbers(CatalogParameter parameter)
    {
        string name = ShortName(parameter.TypeName);
        return (name.EndsWith("[]", StringComparison.Ordinal) ? name[..^2] : name)
            is "ByteQuantifiedSize" or "Decimal" or "Double" or "Hashtable" or "Object" or "PSObject" or "PswsHashtable" or "Single"
            || name.StartsWith("Unlimited", StringComparison.Ordinal);
    }

    /// <summary>The same types as those of the compiled cmdlets: what is not simple is left to the service.</summary>
    private static Type ParameterType(CatalogParameter parameter)
    {
        bool isIdentity = parameter.Name == "Identity";
        return ShortName(parameter.TypeName) switch
        {
            "SwitchParameter" => typeof(SwitchParameter),
            "Boolean" or "Bool" => typeof(bool?),
            "Int16" => typeof(short?),
            "Int32" => typeof(int?),
            "Int64" => typeof(long?),
            "UInt16" => typeof(ushort?),
            "UInt32" => typeof(uint?),
            "UInt64" => typeof(ulong?),
            "DateTime" or "ExDateTime" => typeof(DateTime?),
            "Guid" => typeof(Guid?),
            "String" when !isIdentity => typeof(string),
            "String[]" when !isIdentity => typeof(string[]),
            "Byte[]" => typeof(byte[]),
            "PSCredential" => typeof(PSCredential),
            "SecureString" => typeof(System.Security.SecureString),
            { } name when name.EndsWith("[]", StringComparison.Ordinal) => typeof(object[]),
            _ => typeof(object),
        };
    }

    /// <summary><c>-ResultSize</c> of the kind that takes <c>Unlimited</c> is about paging.</summary>
    private static bool IsPaging(CatalogParameter parameter) =>
        parameter.Name == "ResultSize" && ShortName(parameter.TypeName).StartsWith("Unlimited", StringComparison.Ordinal);

    /// <summary><c>System.Boolean</c> → <c>Boolean</c>; generic arguments stay where they are.</summary>
    private static string ShortName(string typeName)
    {
        int head = typeName.IndexOfAny(new[] { '`', '<' });
        int dot = head == 0 ? -1 : typeName.LastIndexOf('.', (head < 0 ? typeName.Length : head) - 1);
        return typeName[(dot + 1)..];
    }

    private static CustomAttributeBuilder TextsAttribute(Type attribute, IReadOnlyList<string> texts) => Attribute(
        attribute, new[] { typeof(string[]) }, new object[] { new List<string>(texts).ToArray() }, Array.Empty<(string Name, object Value)>());

    private static CustomAttributeBuilder Attribute(Type attribute) =>
        Attribute(attribute, Type.EmptyTypes, Array.Empty<object>(), Array.Empty<(string Name, object Value)>());

    private static CustomAttributeBuilder Attribute(Type attribute, Type[] types, object[] arguments, IReadOnlyCollection<(string Name, object Value)> named)
    {
        var properties = new List<PropertyInfo>();
        var values = new List<object>();
        foreach ((string name, object value) in named)
        {
            properties.Add(attribute.GetProperty(name)!);
            values.Add(value);
        }

        return new CustomAttributeBuilder(attribute.GetConstructor(types)!, arguments, properties.ToArray(), values.ToArray());
    }
}
