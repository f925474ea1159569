using System.IO;
using System.Text.Json;
using ExchangeOnlineRs.Native;

namespace ExchangeOnlineRs.Additions;

/// <summary>A catalog file: JSON of the form of the module's own <c>cmdlets.json</c>, of which the core knows what it means.</summary>
internal static class CatalogFile
{
    private const long LargestFile = 64 * 1024 * 1024;

    private static readonly JsonSerializerOptions Names = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    /// <summary>The cmdlets of a file that the service has, and the entries in which something is wrong.</summary>
    /// <exception cref="FaultException">It is no catalog.</exception>
    /// <exception cref="InvalidDataException">It is too large for one.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    internal static CatalogContent Read(string path)
    {
        if (new FileInfo(path).Length > LargestFile)
        {
            throw new InvalidDataException("The file is too large for a catalog.");
        }

        using JsonDocument settled = NativeCore.SettleCatalog(File.ReadAllBytes(path));
        return settled.Deserialize<CatalogContent>(Names)!;
    }
}
