using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.RegularExpressions;
using ExchangeOnlineRs.Cmdlets;

namespace ExchangeOnlineRs.Additions;

/// <summary>
/// Reads a catalog file: JSON of the form of the module's own <c>cmdlets.json</c>, in which whatever is not so may be left out.
/// An entry that no cmdlet can be made of is refused here, by its name; a class that was emitted can't be taken back.
/// </summary>
internal sealed class CatalogFile
{
    private const long LargestFile = 64 * 1024 * 1024;
    private const int MostParameters = 1000;
    private const string LoneSet = "__AllParameterSets";
    private const string Exchange = "ExchangeOnline";
    private const string Compliance = "SecurityCompliance";

    private static readonly Regex CmdletName = new(@"\A[A-Za-z]{2,40}-[A-Za-z][A-Za-z0-9]{1,120}\z", RegexOptions.CultureInvariant);
    private static readonly Regex ParameterName = new(@"\A[A-Za-z_][A-Za-z0-9_]{0,120}\z", RegexOptions.CultureInvariant);

    private readonly Func<string, bool> isReserved;

    /// <summary>Makes a reader.</summary>
    /// <param name="isReserved">Whether every cmdlet has a parameter of that name.</param>
    internal CatalogFile(Func<string, bool> isReserved) => this.isReserved = isReserved;

    /// <summary>The cmdlets of a file that the service has, and the entries in which something is wrong.</summary>
    /// <exception cref="InvalidDataException">It is no catalog.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    internal CatalogContent Read(string path)
    {
        if (new FileInfo(path).Length > LargestFile)
        {
            throw new InvalidDataException("The file is too large for a catalog.");
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            Require(HasWholeNames(document.RootElement), "The name of a member of the file is no text.");
            return Read(Member(document.RootElement, "cmdlets", JsonValueKind.Array, "The file"));
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"The file is no JSON: {e.Message}", e);
        }
    }

    private CatalogContent Read(JsonElement entries)
    {
        var cmdlets = new List<CatalogCmdlet>();
        var problems = new List<CatalogProblem>();
        // Classes are called like cmdlets without the dash.
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        int place = 0;
        foreach (JsonElement entry in entries.EnumerateArray())
        {
            string name = $"Entry {++place}";
            try
            {
                string stated = Text(entry, "name", name);
                Require(CmdletName.IsMatch(stated), $"'{stated}' is no name of a cmdlet.");
                name = stated;
                Require(names.Add(name.Replace("-", string.Empty, StringComparison.Ordinal)), $"{name} is there twice.");
                // Cmdlets of the original module itself are no cmdlets of the service.
                if (!Flag(entry, "module_native", name))
                {
                    cmdlets.Add(Cmdlet(entry, name));
                }
            }
            catch (InvalidDataException e)
            {
                problems.Add(new CatalogProblem(name, e.Message));
            }
            catch (InvalidOperationException) when (!HasWholeTexts(entry))
            {
                problems.Add(new CatalogProblem(name, $"{name}: a name or value in it is no text, as half of a character is none."));
            }
        }

        return new CatalogContent(cmdlets, problems);
    }

    private CatalogCmdlet Cmdlet(JsonElement entry, string name)
    {
        List<string> stated = Texts(entry, "parameter_sets", name);
        if (stated.Count == 0)
        {
            stated.Add(LoneSet);
        }

        Require(new HashSet<string>(stated, StringComparer.OrdinalIgnoreCase).Count == stated.Count, $"{name}: a parameter set is there twice.");
        // A set, or a parameter, may be of servers only.
        List<string> sets = stated.FindAll(set => IsServed(SurfacesOfSet(entry, set, name)));
        string? defaultSet = DefaultSet(entry, name);
        Require(defaultSet is null || stated.Contains(defaultSet), $"{name}: the default set '{defaultSet}' is not among its sets.");

        JsonElement entries = Member(entry, "parameters", JsonValueKind.Array, name);
        Require(entries.GetArrayLength() <= MostParameters, $"{name} has too many parameters.");
        int first = FirstPosition(entries);
        var parameters = new List<CatalogParameter>();
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (JsonElement item in entries.EnumerateArray())
        {
            CatalogParameter parameter = Parameter(item, name, stated, sets, first);
            foreach (string each in new List<string>(parameter.Aliases) { parameter.Name })
            {
                Require(!isReserved(each), $"{name}: every cmdlet has a parameter or alias {each} already.");
                Require(names.Add(each), $"{name}: the parameter or alias {each} is there twice.");
            }

            if (parameter.Bindings.Count > 0 && IsServed(Texts(item, "surfaces", $"{name} -{parameter.Name}")))
            {
                parameters.Add(parameter);
            }
        }

        PipeIdentity(sets, parameters);
        ParameterSets.SettlePositions(sets, parameters);
        ParameterSets.SettlePiped(sets, parameters);
        defaultSet = defaultSet is not null && sets.Contains(defaultSet) ? defaultSet : ParameterSets.LeastDemanding(sets, parameters);
        defaultSet = sets.Count > 1 && defaultSet != LoneSet ? defaultSet : null;
        ParameterSets.NameSets(sets, defaultSet, parameters);
        return new CatalogCmdlet(
            name,
            Surface(Texts(entry, "surfaces", name), name),
            defaultSet,
            Flag(entry, "should_process", name),
            Flag(entry, "confirm_impact_high", name),
            new List<CatalogParameter>(parameters.OrderBy(ParameterSets.LowestPosition)));
    }

    private static CatalogParameter Parameter(JsonElement entry, string cmdlet, List<string> stated, List<string> sets, int firstPosition)
    {
        string name = Text(entry, "name", cmdlet);
        string where = $"{cmdlet} -{name}";
        Require(ParameterName.IsMatch(name), $"{cmdlet}: '{name}' is no name of a parameter.");
        List<string> aliases = Texts(entry, "aliases", where);
        // The pages give some parameters the aliases that -WhatIf and -Confirm have everywhere.
        aliases.RemoveAll(static alias => alias is "wi" or "cf");
        Require(aliases.TrueForAll(ParameterName.IsMatch), $"{where} has an alias that is no name.");
        string type = Flag(entry, "is_switch", where) ? "SwitchParameter" : Text(entry, "type", where);
        Require(type.Length > 0, $"{where} has no type.");
        var parameter = new CatalogParameter(name, type, aliases, Texts(entry, "accepted_values", where));
        if (!entry.TryGetProperty("sets", out _))
        {
            sets.ForEach(set => parameter.Bindings.Add(set, new CatalogBinding(false, null, false, false)));
            return parameter;
        }

        foreach (JsonProperty set in Member(entry, "sets", JsonValueKind.Object, where).EnumerateObject())
        {
            Require(stated.Contains(set.Name), $"{where} is in a set '{set.Name}' that the cmdlet does not have.");
            var binding = new CatalogBinding(
                Flag(set.Value, "required", where),
                Position(set.Value, where) is { } number ? number - firstPosition : null,
                Flag(set.Value, "value_from_pipeline", where),
                Flag(set.Value, "value_from_pipeline_by_property_name", where));
            Require(!sets.Contains(set.Name) || parameter.Bindings.TryAdd(set.Name, binding), $"{where} is twice in the set {set.Name}.");
        }

        return parameter;
    }

    /// <summary>
    /// A piped object has to arrive whole, so that its most exact id can be used; some pages say only that its Identity does. In a
    /// set in which another parameter takes the object, that one has it.
    /// </summary>
    private static void PipeIdentity(List<string> sets, List<CatalogParameter> parameters)
    {
        if (parameters.Find(static parameter => parameter.Name == "Identity") is not { } identity)
        {
            return;
        }

        foreach (string set in sets)
        {
            if (identity.Bindings.TryGetValue(set, out CatalogBinding? binding) && binding.TakesProperty
                && !parameters.Exists(parameter => parameter.Bindings.TryGetValue(set, out CatalogBinding? other) && other.TakesObject))
            {
                identity.Bindings[set] = binding with { TakesObject = true };
            }
        }
    }

    private static string? DefaultSet(JsonElement entry, string name)
    {
        if (!entry.TryGetProperty("default_parameter_set", out JsonElement stated) || stated.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        Require(stated.ValueKind == JsonValueKind.Object, $"{name}: default_parameter_set is an object with a name.");
        return stated.TryGetProperty("name", out JsonElement set) && set.ValueKind != JsonValueKind.Null
            ? Text(stated, "name", $"{name}: default_parameter_set")
            : null;
    }

    private static List<string> SurfacesOfSet(JsonElement entry, string set, string name) =>
        entry.TryGetProperty("parameter_set_surfaces", out JsonElement surfaces) && surfaces.ValueKind == JsonValueKind.Object
            ? Texts(surfaces, set, name)
            : new List<string>();

    /// <summary>Whether the module serves one of these parts of the service; what names none is everywhere.</summary>
    private static bool IsServed(List<string> surfaces) => surfaces.Count == 0 || surfaces.Contains(Exchange) || surfaces.Contains(Compliance);

    /// <summary>Pages of server cmdlets count positions from 1 or 0; PowerShell counts from 0.</summary>
    private static int FirstPosition(JsonElement parameters)
    {
        foreach (JsonElement parameter in parameters.EnumerateArray())
        {
            if (parameter.ValueKind == JsonValueKind.Object && parameter.TryGetProperty("sets", out JsonElement sets)
                && sets.ValueKind == JsonValueKind.Object
                && sets.EnumerateObject().Any(static set => Position(set.Value, set.Name) == 0))
            {
                return 0;
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
        bool exchange = surfaces.Remove(Exchange);
        bool compliance = surfaces.Remove(Compliance);
        Require(surfaces.Count == 0 && (exchange || compliance), $"{name}: surfaces are ExchangeOnline and SecurityCompliance.");
        return exchange && compliance ? ServiceSurface.Any : compliance ? ServiceSurface.Compliance : ServiceSurface.Exchange;
    }

    /// <summary>
    /// Whether all texts of an entry can be read. JSON may hold bytes and escapes that are no characters, such as one half of a
    /// surrogate pair; the framework tells it only when the text is asked for.
    /// </summary>
    private static bool HasWholeTexts(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.String => IsWhole(json.GetString),
        JsonValueKind.Array => json.EnumerateArray().All(HasWholeTexts),
        JsonValueKind.Object => HasWholeNames(json) && json.EnumerateObject().All(static member => HasWholeTexts(member.Value)),
        _ => true,
    };

    private static bool HasWholeNames(JsonElement json) =>
        json.ValueKind != JsonValueKind.Object || json.EnumerateObject().All(static member => IsWhole(() => member.Name));

    private static bool IsWhole(Func<string?> text)
    {
        try
        {
            return text() is not null;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
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

    /// <summary>A list of texts; empty if it is left out.</summary>
    private static List<string> Texts(JsonElement json, string name, string where)
    {
        var texts = new List<string>();
        if (json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out _))
        {
            foreach (JsonElement item in Member(json, name, JsonValueKind.Array, where).EnumerateArray())
            {
                Require(item.ValueKind == JsonValueKind.String, $"{where}: {name} are texts.");
                texts.Add(item.GetString()!);
            }
        }

        return texts;
    }

    /// <summary>Something that is so or not; not so if it is left out.</summary>
    private static bool Flag(JsonElement json, string name, string where)
    {
        if (json.ValueKind != JsonValueKind.Object || !json.TryGetProperty(name, out JsonElement flag))
        {
            return false;
        }

        Require(flag.ValueKind is JsonValueKind.True or JsonValueKind.False, $"{where}: {name} is true or false.");
        return flag.GetBoolean();
    }

    private static void Require(bool condition, string problem)
    {
        if (!condition)
        {
            throw new InvalidDataException(problem);
        }
    }
}
