using System;
using System.Collections.Generic;
using System.IO;
using System.Text.Json;
using System.Text.RegularExpressions;
using ExchangeOnlineRs.Cmdlets;

namespace ExchangeOnlineRs.Additions;

/// <summary>How a parameter takes part in a set.</summary>
internal sealed record CatalogBinding(string Set, bool IsMandatory, int? Position, bool TakesObject, bool TakesProperty);

/// <summary>A parameter of a catalog file.</summary>
internal sealed record CatalogParameter(
    string Name, string TypeName, IReadOnlyList<string> Aliases, IReadOnlyList<string> AcceptedValues, IReadOnlyList<CatalogBinding> Bindings);

/// <summary>A cmdlet of a catalog file.</summary>
internal sealed record CatalogCmdlet(
    string Name, ServiceSurface Surface, string? DefaultSet, bool AsksForConfirmation, bool HasHighImpact, IReadOnlyList<CatalogParameter> Parameters)
{
    internal string Verb => Name[..Name.IndexOf('-', StringComparison.Ordinal)];

    internal string Noun => Name[(Name.IndexOf('-', StringComparison.Ordinal) + 1)..];
}

/// <summary>
/// Reads a catalog file: JSON of the form of the module's own <c>cmdlets.json</c>. What PowerShell could not bind is refused
/// here, with the name of the cmdlet; a class that was emitted can't be taken back.
/// </summary>
internal sealed class CatalogFile
{
    private const long LargestFile = 64 * 1024 * 1024;
    private const int MostParameters = 1000;
    private const string LoneSet = "__AllParameterSets";

    private static readonly Regex CmdletName = new(@"\A[A-Za-z]{2,40}-[A-Za-z][A-Za-z0-9]{1,120}\z", RegexOptions.CultureInvariant);
    private static readonly Regex ParameterName = new(@"\A[A-Za-z_][A-Za-z0-9_]{0,120}\z", RegexOptions.CultureInvariant);

    private readonly Func<string, bool> isReserved;

    /// <summary>Makes a reader.</summary>
    /// <param name="isReserved">Whether every cmdlet has a parameter of that name.</param>
    internal CatalogFile(Func<string, bool> isReserved) => this.isReserved = isReserved;

    /// <summary>The cmdlets of a file that the service has.</summary>
    /// <exception cref="InvalidDataException">It is no catalog, or PowerShell could not bind something in it.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    internal IReadOnlyList<CatalogCmdlet> Read(string path)
    {
        if (new FileInfo(path).Length > LargestFile)
        {
            throw new InvalidDataException("The file is too large for a catalog.");
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            var cmdlets = new List<CatalogCmdlet>();
            var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
            foreach (JsonElement entry in Member(document.RootElement, "cmdlets", JsonValueKind.Array, "the file").EnumerateArray())
            {
                string name = Text(entry, "name", "a cmdlet");
                Require(CmdletName.IsMatch(name), $"'{name}' is no name of a cmdlet.");
                Require(names.Add(name), $"{name} is there twice.");
                // Cmdlets of the original module itself are no cmdlets of the service.
                if (!Flag(entry, "module_native", name, optional: true))
                {
                    cmdlets.Add(Cmdlet(entry, name));
                }
            }

            return cmdlets;
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"The file is no JSON: {e.Message}", e);
        }
    }

    private CatalogCmdlet Cmdlet(JsonElement entry, string name)
    {
        List<string> sets = Texts(entry, "parameter_sets", name);
        if (sets.Count == 0)
        {
            sets.Add(LoneSet);
        }

        Require(new HashSet<string>(sets, StringComparer.OrdinalIgnoreCase).Count == sets.Count, $"{name}: a parameter set is there twice.");
        string? defaultSet = null;
        if (entry.TryGetProperty("default_parameter_set", out JsonElement stated) && stated.ValueKind == JsonValueKind.Object
            && stated.TryGetProperty("name", out JsonElement setName) && setName.ValueKind == JsonValueKind.String)
        {
            defaultSet = setName.GetString();
            Require(sets.Contains(defaultSet!), $"{name}: the default set '{defaultSet}' is not among its sets.");
        }

        JsonElement entries = Member(entry, "parameters", JsonValueKind.Array, name);
        Require(entries.GetArrayLength() <= MostParameters, $"{name} has too many parameters.");
        int first = FirstPosition(entries);
        var parameters = new List<CatalogParameter>();
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (JsonElement item in entries.EnumerateArray())
        {
            CatalogParameter parameter = Parameter(item, name, sets, first);
            foreach (string each in new List<string>(parameter.Aliases) { parameter.Name })
            {
                Require(!isReserved(each), $"{name}: every cmdlet has a parameter or alias {each} already.");
                Require(names.Add(each), $"{name}: the parameter or alias {each} is there twice.");
            }

            parameters.Add(parameter);
        }

        foreach (string set in sets)
        {
            RequireBindable(name, set, parameters);
        }

        return new CatalogCmdlet(
            name,
            Surface(Texts(entry, "surfaces", name), name),
            sets.Count > 1 ? defaultSet : null,
            Flag(entry, "should_process", name),
            Flag(entry, "confirm_impact_high", name),
            parameters);
    }

    private static CatalogParameter Parameter(JsonElement entry, string cmdlet, List<string> sets, int firstPosition)
    {
        string name = Text(entry, "name", cmdlet);
        string where = $"{cmdlet} -{name}";
        Require(ParameterName.IsMatch(name), $"{cmdlet}: '{name}' is no name of a parameter.");
        List<string> aliases = Texts(entry, "aliases", where, optional: true);
        // The pages give some parameters the aliases that -WhatIf and -Confirm have everywhere.
        aliases.RemoveAll(static alias => alias is "wi" or "cf");
        Require(aliases.TrueForAll(ParameterName.IsMatch), $"{where} has an alias that is no name.");
        var bindings = new List<CatalogBinding>();
        foreach (JsonProperty set in Member(entry, "sets", JsonValueKind.Object, where).EnumerateObject())
        {
            Require(sets.Contains(set.Name), $"{where} is in a set '{set.Name}' that the cmdlet does not have.");
            int? position = Position(set.Value, where) is { } number ? number - firstPosition : null;
            bool byValue = Flag(set.Value, "value_from_pipeline", where);
            bool byProperty = Flag(set.Value, "value_from_pipeline_by_property_name", where);
            // A piped object has to arrive whole, so that its most exact id can be used.
            bindings.Add(new CatalogBinding(
                set.Name, Flag(set.Value, "required", where), position, byValue || (byProperty && name == "Identity"), byProperty));
        }

        Require(bindings.Count > 0, $"{where} is in no set.");
        string type = Flag(entry, "is_switch", where) ? "SwitchParameter" : Text(entry, "type", where);
        return new CatalogParameter(name, type, aliases, Texts(entry, "accepted_values", where, optional: true), bindings);
    }

    /// <summary>PowerShell refuses every call of a cmdlet where two parameters of a set share a position.</summary>
    private static void RequireBindable(string cmdlet, string set, List<CatalogParameter> parameters)
    {
        var positions = new Dictionary<int, string>();
        string? taker = null;
        foreach (CatalogParameter parameter in parameters)
        {
            foreach (CatalogBinding binding in parameter.Bindings)
            {
                if (binding.Set != set)
                {
                    continue;
                }

                if (binding.Position is { } position && !positions.TryAdd(position, parameter.Name))
                {
                    throw new InvalidDataException($"{cmdlet}: {positions[position]} and {parameter.Name} have the same position in the set {set}.");
                }

                if (binding.TakesObject)
                {
                    Require(taker is null, $"{cmdlet}: {taker} and {parameter.Name} both take the piped object in the set {set}.");
                    taker = parameter.Name;
                }
            }
        }
    }

    /// <summary>Pages of server cmdlets count positions from 1 or 0; PowerShell counts from 0.</summary>
    private static int FirstPosition(JsonElement parameters)
    {
        foreach (JsonElement parameter in parameters.EnumerateArray())
        {
            foreach (JsonProperty set in Member(parameter, "sets", JsonValueKind.Object, "a parameter").EnumerateObject())
            {
                if (Position(set.Value, "a parameter") == 0)
                {
                    return 0;
                }
            }
        }

        return 1;
    }

    private static int? Position(JsonElement binding, string where)
    {
        Require(binding.ValueKind == JsonValueKind.Object, $"{where}: a set is described by an object.");
        if (!binding.TryGetProperty("position", out JsonElement position) || position.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return position.ValueKind == JsonValueKind.Number && position.TryGetInt32(out int number) && number is >= 0 and < MostParameters
            ? number
            : throw new InvalidDataException($"{where}: a position is a number from 0.");
    }

    private static ServiceSurface Surface(List<string> surfaces, string name)
    {
        bool exchange = surfaces.Remove("ExchangeOnline");
        bool compliance = surfaces.Remove("SecurityCompliance");
        Require(surfaces.Count == 0 && (exchange || compliance), $"{name}: surfaces are ExchangeOnline and SecurityCompliance.");
        return exchange && compliance ? ServiceSurface.Any : compliance ? ServiceSurface.Compliance : ServiceSurface.Exchange;
    }

    private static JsonElement Member(JsonElement json, string name, JsonValueKind kind, string where)
    {
        Require(
            json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out JsonElement found) && found.ValueKind == kind,
            $"{where} has no {name} of the kind {kind}.");
        return json.GetProperty(name);
    }

    private static string Text(JsonElement json, string name, string where) =>
        Member(json, name, JsonValueKind.String, where).GetString()!;

    private static List<string> Texts(JsonElement json, string name, string where, bool optional = false)
    {
        var texts = new List<string>();
        if (!optional || json.TryGetProperty(name, out _))
        {
            foreach (JsonElement item in Member(json, name, JsonValueKind.Array, where).EnumerateArray())
            {
                Require(item.ValueKind == JsonValueKind.String, $"{where}: {name} are texts.");
                texts.Add(item.GetString()!);
            }
        }

        return texts;
    }

    private static bool Flag(JsonElement json, string name, string where, bool optional = false)
    {
        if (json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out JsonElement flag)
            && flag.ValueKind is (JsonValueKind.True or JsonValueKind.False))
        {
            return flag.GetBoolean();
        }

        Require(optional && !(json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out _)), $"{where} has no {name} that is true or false.");
        return false;
    }

    private static void Require(bool condition, string problem)
    {
        if (!condition)
        {
            throw new InvalidDataException(problem);
        }
    }
}
