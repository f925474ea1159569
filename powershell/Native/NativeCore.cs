using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Text.Json;
using ExchangeOnlineRs.Native.Generated;

namespace ExchangeOnlineRs.Native;

/// <summary>The exports that belong to no operation, and the loading of the library at first use.</summary>
internal static class NativeCore
{
    private static readonly object Gate = new();
    private static IntPtr library;
    private static volatile bool ready;

    /// <summary>
    /// Whether anything native has happened in this process. Without it there can be no connection, so questions about
    /// connections have an answer that costs nothing.
    /// </summary>
    internal static bool IsLoaded => ready;

    /// <summary>Loads the library and checks that it is the one these bindings were made from.</summary>
    /// <exception cref="NativeLibraryException">With all that was tried. A later call tries again.</exception>
    internal static void EnsureLoaded()
    {
        if (ready)
        {
            return;
        }

        lock (Gate)
        {
            if (ready)
            {
                return;
            }

            if (library == IntPtr.Zero)
            {
                library = NativeLibraryLocator.Load();
                NativeLibrary.SetDllImportResolver(
                    typeof(NativeCore).Assembly,
                    static (name, _, _) => name == Interop.NativeLib ? library : IntPtr.Zero);
            }

            try
            {
                _ = Interop.__api_guard();
            }
            catch (TypeInitializationException e)
            {
                throw new NativeLibraryException(
                    "The native library of ExchangeOnlineRs does not belong to this version of the module. Install the module "
                    + "again, and start a new PowerShell session: a library that is loaded stays loaded.",
                    e.InnerException ?? e);
            }
            catch (EntryPointNotFoundException e)
            {
                throw new NativeLibraryException(
                    "The native library of ExchangeOnlineRs lacks a function this module needs; it is of another version, or "
                    + "EXORS_NATIVE points to something else.",
                    e);
            }

            ready = true;
        }
    }

    /// <summary>What <c>exo_connection_list</c> says, parsed.</summary>
    internal static JsonDocument ListConnections()
    {
        EnsureLoaded();
        using VecByte bytes = Interop.exo_connection_list();
        return Parse(bytes);
    }

    /// <summary>Closes connections and returns the ids of those that were open.</summary>
    internal static IReadOnlyList<string> CloseConnections(IEnumerable<string> ids)
    {
        EnsureLoaded();
        byte[] request = JsonSerializer.SerializeToUtf8Bytes(ids);
        using SliceByteLease lease = SliceByte.From(request);
        using VecByte bytes = Interop.exo_connection_close(lease);
        using JsonDocument document = Parse(bytes);
        var closed = new List<string>();
        if (document.RootElement.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement id in document.RootElement.EnumerateArray())
            {
                closed.Add(id.GetString() ?? string.Empty);
            }
        }

        return closed;
    }

    /// <summary>What <c>exo_catalog_settle</c> makes of a catalog file, parsed.</summary>
    /// <exception cref="FaultException">It is no catalog.</exception>
    internal static JsonDocument SettleCatalog(byte[] file)
    {
        EnsureLoaded();
        using SliceByteLease lease = SliceByte.From(file);
        using VecByte bytes = Interop.exo_catalog_settle(lease);
        JsonDocument document = Parse(bytes);
        if (document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("cmdlets", out _))
        {
            return document;
        }

        using (document)
        {
            throw new FaultException(Fault.Parse(document.RootElement));
        }
    }

    /// <summary>The property names of a shape, in order.</summary>
    internal static string[] ShapeNames(uint shape)
    {
        using VecByte bytes = Interop.exo_shape_names(shape);
        using JsonDocument document = Parse(bytes);
        if (document.RootElement.ValueKind != JsonValueKind.Array)
        {
            return Array.Empty<string>();
        }

        var names = new string[document.RootElement.GetArrayLength()];
        int i = 0;
        foreach (JsonElement name in document.RootElement.EnumerateArray())
        {
            names[i++] = name.GetString() ?? string.Empty;
        }

        return names;
    }

    /// <summary>Copies the bytes before they are freed; these documents are small.</summary>
    internal static JsonDocument Parse(VecByte bytes)
    {
        ReadOnlySpan<byte> span = bytes.Span;
        return JsonDocument.Parse(span.IsEmpty ? "null"u8.ToArray() : span.ToArray());
    }
}
