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
    private static readonly ConstructorInfo BaseConstructor = typeof(PipelineServiceCmdlet).GetConstructor(
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
            $"ExchangeOnlineRs.Added.{cmdlet.ClassName}", TypeAttributes.Public | TypeAttributes.Class, typeof(PipelineServiceCmdlet));
        builder.SetCustomAttribute(CmdletAttributeOf(cmdlet));
        string rowType = RowType(cmdlet);
        if (cmdlet.GivesRows)
        {
            builder.SetCustomAttribute(TextsAttribute(typeof(OutputTypeAttribute), new[] { rowType }));
        }

        EmitConstructor(builder, cmdlet, rowType);
        foreach (CatalogParameter parameter in cmdlet.Parameters)
        {
            EmitParameter(builder, parameter);
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

    /// <summary>
    /// The type name of rows: that of the noun's other cmdlets, if the module has any. Only here is known which those are: a class that
    /// is there may itself have come from a file.
    /// </summary>
    private static string RowType(CatalogCmdlet cmdlet)
    {
        foreach (ServiceCmdletClass known in ServiceCmdletCatalog.All)
        {
            if (known.Noun.Equals(cmdlet.Noun, StringComparison.OrdinalIgnoreCase))
            {
                return known.Definition.RowType;
            }
        }

        return cmdlet.RowType;
    }

    private static void EmitConstructor(TypeBuilder builder, CatalogCmdlet cmdlet, string rowType)
    {
        ILGenerator code = builder.DefineConstructor(MethodAttributes.Public, CallingConventions.Standard, Type.EmptyTypes).GetILGenerator();
        code.Emit(OpCodes.Ldarg_0);
        code.Emit(OpCodes.Ldstr, cmdlet.Name);
        code.Emit(OpCodes.Ldstr, rowType);
        code.Emit(OpCodes.Newobj, DefinitionConstructor);
        foreach ((string property, int value) in new[]
        {
            (nameof(ServiceCmdletDefinition.Surface), (int)cmdlet.Surface),
            (nameof(ServiceCmdletDefinition.IsRead), cmdlet.IsRead ? 1 : 0),
            (nameof(ServiceCmdletDefinition.AsksForConfirmation), cmdlet.AsksForConfirmation ? 1 : 0),
            (nameof(ServiceCmdletDefinition.HasHighImpact), cmdlet.HasHighImpact ? 1 : 0),
            (nameof(ServiceCmdletDefinition.HasPagedResults), cmdlet.HasPagedResults ? 1 : 0),
        })
        {
            code.Emit(OpCodes.Dup);
            code.Emit(OpCodes.Ldc_I4, value);
            code.Emit(OpCodes.Call, typeof(ServiceCmdletDefinition).GetProperty(property)!.SetMethod!);
        }

        code.Emit(OpCodes.Call, BaseConstructor);
        code.Emit(OpCodes.Ret);
    }

    private static void EmitParameter(TypeBuilder builder, CatalogParameter parameter)
    {
        Action<CustomAttributeBuilder> attach = Member(builder, parameter);
        foreach (CatalogBinding binding in parameter.Bindings)
        {
            var named = new List<(string Name, object Value)>
            {
                (nameof(ParameterAttribute.Mandatory), binding.IsMandatory),
                (nameof(ParameterAttribute.ValueFromPipeline), binding.TakesObject),
                (nameof(ParameterAttribute.ValueFromPipelineByPropertyName), binding.TakesProperty),
            };
            if (binding.Set is { } set)
            {
                named.Add((nameof(ParameterAttribute.ParameterSetName), set));
            }

            if (binding.Position is { } position)
            {
                named.Add((nameof(ParameterAttribute.Position), position));
            }

            attach(Attribute(typeof(ParameterAttribute), Type.EmptyTypes, Array.Empty<object>(), named));
        }

        foreach (CatalogAttribute attribute in parameter.Attributes)
        {
            Type type = AttributeType(attribute.Name);
            attach(attribute.Texts.Count > 0 ? TextsAttribute(type, attribute.Texts) : Attribute(type));
        }
    }

    /// <summary>
    /// Defines the member of a parameter: a field, or a property where the value is nullable or the engine's class has a member of that name.
    /// </summary>
    /// <returns>What adds an attribute to it.</returns>
    private static Action<CustomAttributeBuilder> Member(TypeBuilder builder, CatalogParameter parameter)
    {
        string name = parameter.Name;
        Type type = ParameterType(parameter.TypeName);
        // As in the generated classes, where a nullable value is a property: the engine takes properties before fields.
        if (!parameter.HidesMember && Nullable.GetUnderlyingType(type) is null)
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

    // The rules are the core's, which gives names. What they stand for has to be said here, as only .NET has the types to emit; for the
    // module's own cmdlets the C# compiler says it.
    private static Type ParameterType(string name) => name switch
    {
        "SwitchParameter" => typeof(SwitchParameter),
        "bool?" => typeof(bool?),
        "short?" => typeof(short?),
        "int?" => typeof(int?),
        "long?" => typeof(long?),
        "ushort?" => typeof(ushort?),
        "uint?" => typeof(uint?),
        "ulong?" => typeof(ulong?),
        "System.DateTime?" => typeof(DateTime?),
        "System.Guid?" => typeof(Guid?),
        "string" => typeof(string),
        "string[]" => typeof(string[]),
        "byte[]" => typeof(byte[]),
        "object" => typeof(object),
        "object[]" => typeof(object[]),
        "PSCredential" => typeof(PSCredential),
        "System.Security.SecureString" => typeof(System.Security.SecureString),
        _ => throw new InvalidOperationException($"The native core speaks of a type {name} that this module does not have."),
    };

    private static Type AttributeType(string name) => name switch
    {
        "Alias" => typeof(AliasAttribute),
        "ValidateResultSize" => typeof(ValidateResultSizeAttribute),
        "SendsNumbers" => typeof(SendsNumbersAttribute),
        "BooleanValue" => typeof(BooleanValueAttribute),
        "UtcDate" => typeof(UtcDateAttribute),
        "FlagList" => typeof(FlagListAttribute),
        "AcceptedValues" => typeof(AcceptedValuesAttribute),
        "Completion.TenantObjects" => typeof(TenantObjectsAttribute),
        "Completion.TenantAddress" => typeof(TenantAddressAttribute),
        _ => throw new InvalidOperationException($"The native core speaks of an attribute {name} that this module does not have."),
    };

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
